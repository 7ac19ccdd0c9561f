/* The encoding of numbers, hellos and headers. Numbers are little-endian. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

#define HELLO_SIZE (sizeof SESSION_MAGIC - 1 + TOKEN_SIZE + SESSION_ID_SIZE + 4 + 1 + 8)
#define HEADER_SIZE 13

void put_number(uint8_t *to, uint64_t number, size_t size);
uint64_t get_number(const uint8_t *from, size_t size);

struct hello {
  char token[TOKEN_SIZE]; /* Padded with NULs. */
  bool session;
  /* The rest belongs to a session. */
  uint8_t id[SESSION_ID_SIZE];
  uint32_t process_id;
  bool resumes;
  uint64_t received; /* How many bytes of the server's stream have arrived. */
};

/* Returns the size, which is at most HELLO_SIZE. */
size_t put_hello(uint8_t *to, const struct hello *hello);

/* Returns the size of the server's answer to the hello, or of a frame's header, from its first byte. */
size_t welcome_size(uint8_t first);
size_t frame_header_size(uint8_t first);

#endif
