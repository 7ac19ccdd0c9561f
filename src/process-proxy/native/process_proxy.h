/* What the parts of the executable share. docs/process-proxy.md describes the wire; tests hold these values to protocol.ts. */
#ifndef PROCESS_PROXY_H
#define PROCESS_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
  COMMAND_GET_ARGS = 0x01,
  COMMAND_READ_STDIN = 0x02,
  COMMAND_WRITE_STDOUT = 0x03,
  COMMAND_WRITE_STDERR = 0x04,
  COMMAND_GET_CWD = 0x05,
  COMMAND_GET_ENV = 0x06,
  COMMAND_EXIT = 0x07,
  COMMAND_CLOSE_STDIN = 0x09,
  COMMAND_CLOSE_STDOUT = 0x0A,
  COMMAND_CLOSE_STDERR = 0x0B,
  COMMAND_IS_STDIN_CONNECTED = 0x0C,
  COMMAND_AWAIT_STDIN = 0x0D, /* Only in a session. Answered by MESSAGE_STDIN, in any order with the responses. */
};

/* What begins each message to the server in a session; on a plain connection there are only responses, without it. */
enum message {
  MESSAGE_RESPONSE = 0x00,
  MESSAGE_STDIN = 0x01,
};

enum frame {
  FRAME_DATA = 0x00,
  FRAME_ACK = 0x01,
  FRAME_CLOSE = 0x02,
};

enum welcome {
  WELCOME_ACCEPTED = 0x00,
  WELCOME_REFUSED = 0x01,
};

#define PORT_VARIABLE "PROCESS_PROXY_PORT"
#define TOKEN_VARIABLE "PROCESS_PROXY_TOKEN"
#define SESSION_VARIABLE "PROCESS_PROXY_SESSION"
#define PLAIN_MAGIC "ProcessProxy 0002 "
#define SESSION_MAGIC "ProcessProxy 0003 "
#define TOKEN_SIZE 128
#define SESSION_ID_SIZE 16
#define WINDOW 262144    /* Bytes that may be under way in one direction of a session, not yet consumed. */
#define FRAME_SIZE 65536 /* The most that one FRAME_DATA holds. */

/* main.c: reads commands from the link and carries them out, until one of them ends the process. */
_Noreturn void start(void);
_Noreturn void serve(void);
bool wants_stdin(void);
void answer_stdin(void);

/* link.c: the connection to the server. All of it ends the process with a message when the server is gone for good. */
void link_open(uint16_t port, const char *token, bool session);
bool link_has_session(void);
void link_read(void *data, size_t size);
void link_write(const void *data, size_t size);
size_t link_room(void);
void link_flush(void);
unsigned link_step(unsigned wanted);
void link_finish(void);

/* platform_posix.c, platform_windows.c */
enum ready {
  SOCKET_READABLE = 1,
  SOCKET_WRITABLE = 2,
  STDIN_READABLE = 4,
  STDOUT_WRITABLE = 8,
  STDERR_WRITABLE = 16,
};
#define PLATFORM_END (-1)
#define PLATFORM_AGAIN (-2)
#define PLATFORM_FAILED (-3)

/* Returns those of `wanted` that are ready, none after `timeout` ms; -1 waits forever. */
unsigned platform_wait(unsigned wanted, int timeout);
bool platform_connect(uint16_t port);
void platform_disconnect(void);
/* These return how many bytes they moved, or one of the values above. */
long platform_receive(void *data, size_t size);
long platform_send(const void *data, size_t size);
long platform_read_stdin(void *data, size_t size);
long platform_write(int stream, const void *data, size_t size);
bool platform_close(int stream);
bool platform_stdin_connected(void);
/* All text is UTF-8. The lists end with NULL; they and the path belong to the platform. */
char **platform_arguments(void);
char **platform_environment(void);
const char *platform_variable(const char *name);
const char *platform_cwd(void);
/* Why the last of these functions failed. */
const char *platform_error(void);
uint64_t platform_milliseconds(void);
uint32_t platform_process_id(void);
bool platform_random(void *data, size_t size);
_Noreturn void platform_exit(int code);

/* Writes a message to stderr and exits with the code 1. */
_Noreturn void fail(const char *format, ...);

#endif
