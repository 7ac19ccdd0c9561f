/*
 * What the executable needs from the operating system. platform_posix.c and platform_windows.c implement it. They are the lowest
 * part: they call none of the others, and report every failure to their caller.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program's entry, and the type of the characters in its arguments. */
#ifdef _WIN32
#include <wchar.h>
typedef wchar_t native_char;
#define native_main wmain
#else
typedef char native_char;
#define native_main main
#endif

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

/* Call it first, with the parameters of the entry. */
bool platform_start(int count, native_char **values);

/* Returns those of `wanted` that are ready, or 0 after `timeout` ms; a timeout of -1 waits forever. */
unsigned platform_wait(unsigned wanted, int timeout);

/* The socket: there is one at a time. */
bool platform_connect(uint16_t port);
void platform_disconnect(void);

/* These return how many bytes they moved, or one of the values above. */
long platform_receive(void *data, size_t size);
long platform_send(const void *data, size_t size);
long platform_read_stdin(void *data, size_t size);
long platform_write(int stream, const void *data, size_t size);

bool platform_close(int stream);
bool platform_stdin_connected(void);

/* All text is UTF-8. The lists end with NULL. The platform owns the lists and the path. */
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

#endif
