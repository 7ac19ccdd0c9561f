/*
 * The two byte streams of the link, and how they travel on a socket: as they are on a plain connection, and in frames in a session.
 * A session keeps bytes until the server has consumed them, and sends them again on the next socket.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* What bytes of the server mean for the link. */
enum news { NEWS_NONE, NEWS_OPEN, NEWS_WAIT, NEWS_REFUSED, NEWS_CLOSED };

void streams_begin(const struct hello *hello);

/* Continues on another socket, with a hello. `resumes`: the server has accepted this link before. */
void streams_greet(bool resumes);

/* How many bytes may be received now. */
size_t streams_receivable(void);
enum news streams_receive(const uint8_t *data, size_t size);

/* How long the server wants to be looked for, in ms. Known after NEWS_OPEN in a session. */
uint32_t streams_patience(void);

/* Returns the bytes to send next. They stay until streams_sent(), which says how many of them the socket took. */
const uint8_t *streams_packet(size_t *size);
void streams_sent(size_t size);
bool streams_has_packet(void);

/* The ends for the commands: these return how many bytes they took or had room for. */
size_t streams_take(void *data, size_t size);
size_t streams_put(const void *data, size_t size);
size_t streams_room(void);

/* Whether the server has received everything. */
bool streams_finished(void);

void streams_check(void);

#endif
