/* Carries out the server's commands, one after the other. Only input that the server awaits is sent in between. */
#include "commands.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "link.h"
#include "platform.h"
#include "protocol.h"
#include "wire.h"

#define CHUNK 65536
/* The most bytes of a message about stdin that are not input: its kind, status and length, or the text of an error. */
#define STDIN_OVERHEAD 64

/* How many bytes COMMAND_AWAIT_STDIN asked for. 0 once it is answered. */
static uint32_t stdin_awaited;
static bool stdin_closed;
/* A message is half written, and no other may begin. */
static bool in_message;

static bool wants_stdin(void) { return stdin_awaited > 0 && !in_message && link_room() > STDIN_OVERHEAD; }
static void answer_stdin(void);

/* Waits until the link has moved bytes or one of `wanted` is ready, and sends input meanwhile. Returns those that are ready. */
static unsigned wait_for(unsigned wanted) {
  unsigned awaited = wants_stdin() ? STDIN_READABLE : 0, ready = link_step(wanted | awaited);
  if (ready & awaited) answer_stdin();
  return ready & wanted;
}

static void read_bytes(void *data, size_t size) {
  for (uint8_t *to = data; size > 0;) {
    size_t part = link_take(to, size);
    if (part == 0) wait_for(0);
    to += part;
    size -= part;
  }
}

static void write_bytes(const void *data, size_t size) {
  assert(in_message);
  for (const uint8_t *from = data; size > 0;) {
    size_t part = link_put(from, size);
    if (part == 0) wait_for(0);
    from += part;
    size -= part;
  }
}

static uint32_t read_number(void) {
  uint8_t bytes[4];
  read_bytes(bytes, 4);
  return (uint32_t)get_number(bytes, 4);
}

static void write_number(uint32_t number) {
  uint8_t bytes[4];
  put_number(bytes, number, 4);
  write_bytes(bytes, 4);
}

static void write_text(const char *text) {
  size_t size = strlen(text);
  write_number((uint32_t)size);
  write_bytes(text, size);
}

static void write_list(char **list) {
  uint32_t count = 0;
  while (list[count]) count++;
  write_number(count);
  for (uint32_t i = 0; i < count; i++) write_text(list[i]);
}

static void begin_message(enum message kind) {
  assert(!in_message);
  in_message = true;
  uint8_t byte = (uint8_t)kind;
  if (link_has_session()) write_bytes(&byte, 1);
}

static void end_message(void) {
  assert(in_message);
  in_message = false;
  link_flush();
}

static void begin_success(void) {
  begin_message(MESSAGE_RESPONSE);
  write_number(0);
}

static void respond(bool success, const char *error) {
  begin_message(MESSAGE_RESPONSE);
  write_number(success ? 0 : UINT32_MAX);
  if (!success) write_text(error);
  end_message();
}

static void write_stdin(const uint8_t *data, long size) {
  write_number((uint32_t)(int32_t)(size < 0 ? -1 : size));
  if (size > 0) write_bytes(data, (size_t)size);
}

/* Answers COMMAND_AWAIT_STDIN with one read. The answer fits into the link, so this never waits: wait_for() calls it. */
static void answer_stdin(void) {
  static uint8_t data[CHUNK];
  assert(wants_stdin());
  size_t room = link_room() - STDIN_OVERHEAD, most = stdin_awaited < room ? stdin_awaited : room;
  long size = stdin_closed ? PLATFORM_END : platform_read_stdin(data, most < CHUNK ? most : CHUNK);
  if (size == PLATFORM_AGAIN) return;
  stdin_awaited = 0;
  begin_message(MESSAGE_STDIN);
  if (size == PLATFORM_FAILED) {
    char reason[STDIN_OVERHEAD - 9];
    snprintf(reason, sizeof reason, "%s", platform_error());
    write_number(UINT32_MAX);
    write_text(reason);
  } else {
    write_number(0);
    write_stdin(data, size);
  }
  end_message();
}

static void read_stdin(uint32_t limit) {
  static uint8_t data[CHUNK];
  long size = stdin_closed ? PLATFORM_END : 0;
  if (!stdin_closed && limit > 0 && limit <= INT32_MAX && (platform_wait(STDIN_READABLE, 0) & STDIN_READABLE)) {
    size = platform_read_stdin(data, limit < CHUNK ? limit : CHUNK);
  }
  if (size == PLATFORM_FAILED) {
    respond(false, platform_error());
    return;
  }
  begin_success();
  write_stdin(data, size == PLATFORM_AGAIN ? 0 : size);
  end_message();
}

/* Reads the whole payload, also after a failure, because the next command follows it. */
static void write_output(int stream, uint32_t size) {
  static uint8_t data[CHUNK];
  char reason[256] = "";
  bool success = true;
  while (size > 0) {
    size_t part = size < CHUNK ? size : CHUNK, written = 0;
    read_bytes(data, part);
    size -= (uint32_t)part;
    while (success && written < part) {
      unsigned wanted = stream == 1 ? STDOUT_WRITABLE : STDERR_WRITABLE;
      if (!(wait_for(wanted) & wanted)) continue;
      long count = platform_write(stream, data + written, part - written);
      if (count == PLATFORM_AGAIN) continue;
      success = count >= 0;
      if (success) written += (size_t)count;
      else snprintf(reason, sizeof reason, "%s", platform_error());
    }
  }
  respond(success, reason);
}

static void close_stream(int stream) {
  bool success = platform_close(stream);
  if (stream == 0 && success) {
    stdin_closed = true;
    if (wants_stdin()) answer_stdin();
  }
  respond(success, success ? "" : platform_error());
}

static _Noreturn void exit_process(int code) {
  stdin_awaited = 0;
  respond(true, "");
  link_finish();
  platform_exit(code);
}

void serve_commands(void) {
  for (;;) {
    uint8_t command;
    read_bytes(&command, 1);
    switch (command) {
      case COMMAND_GET_ARGS:
        begin_success();
        write_list(platform_arguments());
        end_message();
        break;
      case COMMAND_GET_ENV:
        begin_success();
        write_list(platform_environment());
        end_message();
        break;
      case COMMAND_GET_CWD: {
        const char *path = platform_cwd();
        if (!path) respond(false, platform_error());
        else {
          begin_success();
          write_text(path);
          end_message();
        }
        break;
      }
      case COMMAND_READ_STDIN: read_stdin(read_number()); break;
      case COMMAND_WRITE_STDOUT: write_output(1, read_number()); break;
      case COMMAND_WRITE_STDERR: write_output(2, read_number()); break;
      case COMMAND_EXIT: exit_process((int)(int32_t)read_number());
      case COMMAND_CLOSE_STDIN: close_stream(0); break;
      case COMMAND_CLOSE_STDOUT: close_stream(1); break;
      case COMMAND_CLOSE_STDERR: close_stream(2); break;
      case COMMAND_IS_STDIN_CONNECTED:
        begin_success();
        write_number(!stdin_closed && platform_stdin_connected());
        end_message();
        break;
      case COMMAND_AWAIT_STDIN:
        stdin_awaited = read_number();
        if (!link_has_session()) fail("the server sent a command that belongs to a session");
        if (stdin_closed && wants_stdin()) answer_stdin();
        break;
      default: fail("the server sent the unknown command 0x%02x. Is it a ProcessProxyServer?", command);
    }
  }
}
