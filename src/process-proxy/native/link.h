/*
 * The link to the server: a byte stream in each direction. These functions never wait, but for link_step() and link_finish().
 * They end the process with a message when the server is gone for good.
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connects. With `session`, the link outlives its socket. */
void link_open(uint16_t port, const char *token, bool session);
bool link_has_session(void);

/* Takes bytes that have arrived, and returns how many. */
size_t link_take(void *data, size_t size);

/* Copies bytes that are to be sent, and returns for how many there was room. */
size_t link_put(const void *data, size_t size);
size_t link_room(void);

/* Sends the bytes that the socket takes now. */
void link_flush(void);

/* Waits until bytes have moved or one of `wanted` is ready. Returns those that are ready. */
unsigned link_step(unsigned wanted);

/* Waits until the server has received everything, or is gone. The process exits after it. */
void link_finish(void);

#endif
