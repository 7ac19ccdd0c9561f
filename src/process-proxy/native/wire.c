#include "wire.h"

#include <string.h>

void put_number(uint8_t *to, uint64_t number, size_t size) {
  for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(number >> (8 * i));
}

uint64_t get_number(const uint8_t *from, size_t size) {
  uint64_t number = 0;
  for (size_t i = size; i-- > 0;) number = number << 8 | from[i];
  return number;
}

static uint8_t *put_bytes(uint8_t *to, const void *data, size_t size) {
  memcpy(to, data, size);
  return to + size;
}

size_t put_hello(uint8_t *to, const struct hello *hello) {
  uint8_t *at = put_bytes(to, hello->session ? SESSION_MAGIC : PLAIN_MAGIC, sizeof PLAIN_MAGIC - 1);
  at = put_bytes(at, hello->token, TOKEN_SIZE);
  if (!hello->session) return (size_t)(at - to);
  at = put_bytes(at, hello->id, SESSION_ID_SIZE);
  put_number(at, hello->process_id, 4);
  at[4] = hello->resumes;
  put_number(at + 5, hello->received, 8);
  return (size_t)(at + 13 - to);
}

size_t welcome_size(uint8_t first) { return first == WELCOME_ACCEPTED ? 13 : 1; }

size_t frame_header_size(uint8_t first) { return first == FRAME_DATA ? 5 : first == FRAME_ACK ? 9 : 1; }
