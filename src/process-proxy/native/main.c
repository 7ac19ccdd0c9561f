/* Starts the link to the server that the environment names, and carries out its commands. */
#include "process_proxy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536

/* What the server has asked for by COMMAND_AWAIT_STDIN and not got yet; 0 for nothing. */
static uint32_t stdin_awaited;
static bool stdin_closed;
/* A message that is half written; no other may begin. */
static bool in_message;

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("process-proxy: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\n", stderr);
  va_end(arguments);
  fflush(stderr);
  platform_exit(1);
}

static uint32_t read_number(void) {
  uint8_t bytes[4];
  link_read(bytes, 4);
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void write_number(uint32_t number) {
  uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
  link_write(bytes, 4);
}

static void write_text(const char *text) {
  size_t size = strlen(text);
  write_number((uint32_t)size);
  link_write(text, size);
}

static void write_list(char **list) {
  uint32_t count = 0;
  while (list[count]) count++;
  write_number(count);
  for (uint32_t i = 0; i < count; i++) write_text(list[i]);
}

static void begin_message(enum message kind) {
  in_message = true;
  uint8_t byte = (uint8_t)kind;
  if (link_has_session()) link_write(&byte, 1);
}

static void end_message(void) {
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

bool wants_stdin(void) { return stdin_awaited > 0 && !in_message && link_room() > 64; }

static void write_stdin(const uint8_t *data, long size) {
  write_number((uint32_t)(int32_t)(size < 0 ? -1 : size));
  if (size > 0) link_write(data, (size_t)size);
}

/* Answers COMMAND_AWAIT_STDIN with one read. It must not wait for room: the link calls it while it waits itself. */
void answer_stdin(void) {
  static uint8_t data[CHUNK];
  size_t room = link_room() - 64, most = stdin_awaited < room ? stdin_awaited : room;
  long size = stdin_closed ? PLATFORM_END : platform_read_stdin(data, most < CHUNK ? most : CHUNK);
  if (size == PLATFORM_AGAIN) return;
  stdin_awaited = 0;
  begin_message(MESSAGE_STDIN);
  if (size == PLATFORM_FAILED) {
    char reason[40];
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

/* The whole payload is read, also after a failure: the next command comes behind it. */
static void write_output(int stream, uint32_t size) {
  static uint8_t data[CHUNK];
  char reason[256] = "";
  bool success = true;
  while (size > 0) {
    size_t part = size < CHUNK ? size : CHUNK, written = 0;
    link_read(data, part);
    size -= (uint32_t)part;
    while (success && written < part) {
      unsigned wanted = stream == 1 ? STDOUT_WRITABLE : STDERR_WRITABLE;
      if (!(link_step(wanted) & wanted)) continue;
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

void serve(void) {
  for (;;) {
    uint8_t command;
    link_read(&command, 1);
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
      default: fail("the server sent the unknown command 0x%02x; is it a ProcessProxyServer?", command);
    }
  }
}

static uint16_t read_port(void) {
  const char *text = platform_variable(PORT_VARIABLE);
  if (!text || !*text) {
    fail(PORT_VARIABLE " is not set. Start this program with the variables of a ProcessProxyServer (server.env).");
  }
  unsigned long port = 0;
  for (const char *at = text; *at; at++) {
    port = *at >= '0' && *at <= '9' && port <= UINT16_MAX ? port * 10 + (unsigned long)(*at - '0') : UINT32_MAX;
  }
  if (port == 0 || port > UINT16_MAX) fail(PORT_VARIABLE " is no port: '%s'. It is a number from 1 to 65535.", text);
  return (uint16_t)port;
}

/* A session is for the server that put the variable there: it names its port, for another may have replaced the others. */
static bool read_session(uint16_t port) {
  char expected[16];
  const char *text = platform_variable(SESSION_VARIABLE);
  snprintf(expected, sizeof expected, "1:%u", port);
  return text && strcmp(text, expected) == 0;
}

void start(void) {
  uint16_t port = read_port();
  const char *token = platform_variable(TOKEN_VARIABLE);
  if (!token) token = "";
  if (strlen(token) > TOKEN_SIZE) fail(TOKEN_VARIABLE " is longer than %d bytes.", TOKEN_SIZE);
  link_open(port, token, read_session(port));
  serve();
}
