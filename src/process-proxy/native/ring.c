#include "ring.h"

#include <assert.h>
#include <string.h>

size_t ring_size(const struct ring *ring) { return (size_t)(ring->end - ring->start); }
size_t ring_room(const struct ring *ring) { return WINDOW - ring_size(ring); }

void ring_put(struct ring *ring, const void *data, size_t size) {
  assert(size <= ring_room(ring));
  const uint8_t *from = data;
  size_t at = (size_t)(ring->end % WINDOW), first = size < WINDOW - at ? size : WINDOW - at;
  memcpy(ring->bytes + at, from, first);
  memcpy(ring->bytes, from + first, size - first);
  ring->end += size;
}

void ring_copy(const struct ring *ring, uint64_t offset, void *data, size_t size) {
  assert(offset >= ring->start && offset + size <= ring->end);
  uint8_t *to = data;
  size_t at = (size_t)(offset % WINDOW), first = size < WINDOW - at ? size : WINDOW - at;
  memcpy(to, ring->bytes + at, first);
  memcpy(to + first, ring->bytes, size - first);
}

void ring_release(struct ring *ring, uint64_t offset) {
  assert(offset >= ring->start && offset <= ring->end);
  ring->start = offset;
}
