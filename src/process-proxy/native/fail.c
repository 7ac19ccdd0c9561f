#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform.h"

#define MESSAGE_SIZE 1024
#define PREFIX "process-proxy: "
/* How long a reader of stderr that does not read can delay the exit, in ms. */
#define PATIENCE 1000

/* Not stdio's stderr: where stderr was closed, its descriptor may now be the socket. */
static void write_to_stderr(const char *text, size_t size) {
  while (size > 0 && (platform_wait(STDERR_WRITABLE, PATIENCE) & STDERR_WRITABLE)) {
    long count = platform_write(2, text, size);
    if (count == PLATFORM_AGAIN) continue;
    if (count < 0) return;
    text += count;
    size -= (size_t)count;
  }
}

void fail(const char *format, ...) {
  static char text[MESSAGE_SIZE] = PREFIX;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + sizeof PREFIX - 1, sizeof text - sizeof PREFIX, format, arguments);
  va_end(arguments);
  strcat(text, "\n");
  write_to_stderr(text, strlen(text));
  platform_exit(1);
}
