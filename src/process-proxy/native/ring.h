/* A ring of bytes. A byte is addressed by its offset in the whole stream, which only grows. */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/*
 *   stream    0 … start ─────────── end …
 *   ring          │ bytes it holds │ room until it holds WINDOW bytes
 */
struct ring {
  uint8_t bytes[WINDOW];
  uint64_t start, end;
};

size_t ring_size(const struct ring *ring);
size_t ring_room(const struct ring *ring);

/* Appends bytes, for which there has to be room. */
void ring_put(struct ring *ring, const void *data, size_t size);

/* Copies bytes that the ring holds. They stay in it. */
void ring_copy(const struct ring *ring, uint64_t offset, void *data, size_t size);

/* Forgets the bytes before `offset`. */
void ring_release(struct ring *ring, uint64_t offset);

#endif
