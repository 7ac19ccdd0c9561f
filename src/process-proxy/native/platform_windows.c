/*
 * Windows. A process can wait neither for a console nor for an anonymous pipe there, so a thread reads stdin.
 *
 * This file is longer than most, because all of its parts share the handles and the last error.
 */
#include <winsock2.h>
/* winsock2.h must come first. */
#include <windows.h>

#include <bcrypt.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

#define READ_SIZE 65536
/* How long a read that must not wait gives the thread, in ms. */
#define PROMPT 5

static char **arguments, **environment;
static SOCKET server = INVALID_SOCKET;
static WSAEVENT server_event;
static HANDLE streams[3];
static DWORD last_error;

/* From `asked` to `answered`, the thread owns the other fields. After that they hold input until all of it is taken. */
static struct {
  HANDLE asked, answered;
  bool started, pending; /* `pending`: asked for, and not all taken yet. */
  uint8_t bytes[READ_SIZE];
  DWORD size, taken, error;
} input;

/* Returns NULL when there is no memory. */
static char *to_utf8(const wchar_t *wide) {
  int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
  char *text = malloc((size_t)size + 1);
  if (text) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
  else last_error = ERROR_NOT_ENOUGH_MEMORY;
  return text;
}

static long failed(DWORD error) {
  last_error = error;
  return PLATFORM_FAILED;
}

static DWORD WINAPI read_input(void *unused) {
  (void)unused;
  while (WaitForSingleObject(input.asked, INFINITE) == WAIT_OBJECT_0) {
    input.error = ReadFile(streams[0], input.bytes, READ_SIZE, &input.size, NULL) ? 0 : GetLastError();
    SetEvent(input.answered);
  }
  return 0;
}

static void ask_for_input(void) {
  if (input.pending || !streams[0]) return;
  if (!input.started) input.started = CreateThread(NULL, 0, read_input, NULL, 0, NULL) != NULL;
  input.pending = true;
  input.taken = 0;
  if (input.started) {
    ResetEvent(input.answered);
    SetEvent(input.asked);
  } else {
    /* The next read reports it. */
    input.error = GetLastError();
    SetEvent(input.answered);
  }
}

static bool socket_is(bool writable) {
  fd_set set;
  struct timeval none = {0, 0};
  FD_ZERO(&set);
  FD_SET(server, &set);
  return select(0, writable ? NULL : &set, writable ? &set : NULL, NULL, &none) > 0;
}

unsigned platform_wait(unsigned wanted, int timeout) {
  unsigned ready = wanted & (STDOUT_WRITABLE | STDERR_WRITABLE);
  HANDLE handles[2];
  DWORD count = 0;
  if (wanted & STDIN_READABLE) {
    ask_for_input();
    if (!streams[0]) ready |= STDIN_READABLE;
    else handles[count++] = input.answered;
  }
  if (wanted & (SOCKET_READABLE | SOCKET_WRITABLE)) {
    WSAResetEvent(server_event);
    if ((wanted & SOCKET_READABLE) && socket_is(false)) ready |= SOCKET_READABLE;
    if ((wanted & SOCKET_WRITABLE) && socket_is(true)) ready |= SOCKET_WRITABLE;
    handles[count++] = server_event;
  }
  DWORD limit = ready ? 0 : timeout < 0 ? INFINITE : timeout == 0 ? PROMPT : (DWORD)timeout;
  if (count == 0) Sleep(limit);
  else WaitForMultipleObjects(count, handles, FALSE, limit);
  if ((wanted & STDIN_READABLE) && streams[0] && WaitForSingleObject(input.answered, 0) == WAIT_OBJECT_0) {
    ready |= STDIN_READABLE;
  }
  if ((wanted & SOCKET_READABLE) && socket_is(false)) ready |= SOCKET_READABLE;
  if ((wanted & SOCKET_WRITABLE) && socket_is(true)) ready |= SOCKET_WRITABLE;
  return ready;
}

bool platform_connect(uint16_t port) {
  struct sockaddr_in address = {0};
  BOOL on = TRUE;
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server = socket(AF_INET, SOCK_STREAM, 0);
  if (server == INVALID_SOCKET || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
    DWORD reason = (DWORD)WSAGetLastError();
    platform_disconnect();
    last_error = reason;
    return false;
  }
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
  SetHandleInformation((HANDLE)server, HANDLE_FLAG_INHERIT, 0);
  /* This makes it non-blocking too. */
  return WSAEventSelect(server, server_event, FD_READ | FD_WRITE | FD_CLOSE) == 0;
}

void platform_disconnect(void) {
  if (server != INVALID_SOCKET) {
    shutdown(server, SD_SEND);
    closesocket(server);
  }
  server = INVALID_SOCKET;
}

static long outcome(int size) {
  if (size >= 0) return size;
  DWORD error = (DWORD)WSAGetLastError();
  return error == WSAEWOULDBLOCK ? PLATFORM_AGAIN : failed(error);
}

long platform_receive(void *data, size_t size) { return outcome(recv(server, data, (int)size, 0)); }
long platform_send(const void *data, size_t size) { return outcome(send(server, data, (int)size, 0)); }

long platform_read_stdin(void *data, size_t size) {
  if (!streams[0]) return PLATFORM_END;
  if (!input.pending || WaitForSingleObject(input.answered, 0) != WAIT_OBJECT_0) return PLATFORM_AGAIN;
  DWORD left = input.size - input.taken, part = size < left ? (DWORD)size : left;
  if (input.error == ERROR_BROKEN_PIPE || input.error == ERROR_HANDLE_EOF) return PLATFORM_END;
  if (input.error || input.size == 0) {
    input.pending = false;
    if (input.error) return failed(input.error);
    /* A write of no bytes to a pipe is not the end of it. */
    bool open = GetFileType(streams[0]) == FILE_TYPE_PIPE && PeekNamedPipe(streams[0], NULL, 0, NULL, NULL, NULL);
    return open ? PLATFORM_AGAIN : PLATFORM_END;
  }
  memcpy(data, input.bytes + input.taken, part);
  input.taken += part;
  if (input.taken == input.size) input.pending = false;
  return (long)part;
}

long platform_write(int stream, const void *data, size_t size) {
  DWORD written = 0;
  if (!streams[stream]) return failed(ERROR_INVALID_HANDLE);
  if (!WriteFile(streams[stream], data, (DWORD)size, &written, NULL)) return failed(GetLastError());
  return (long)written;
}

/* While the thread reads stdin, the handle stays open: closing it would wait for the read. */
bool platform_close(int stream) {
  HANDLE handle = streams[stream];
  last_error = ERROR_INVALID_HANDLE;
  if (!handle) return false;
  streams[stream] = NULL;
  if (stream == 0 && input.pending) return true;
  bool success = CloseHandle(handle) != 0;
  last_error = GetLastError();
  return success;
}

bool platform_stdin_connected(void) {
  DWORD mode;
  if (!streams[0]) return false;
  return GetFileType(streams[0]) != FILE_TYPE_CHAR || GetConsoleMode(streams[0], &mode);
}

char **platform_arguments(void) { return arguments; }
char **platform_environment(void) { return environment; }

const char *platform_variable(const char *name) {
  size_t size = strlen(name);
  for (char **entry = environment; *entry; entry++) {
    if (strncmp(*entry, name, size) == 0 && (*entry)[size] == '=') return *entry + size + 1;
  }
  return NULL;
}

const char *platform_cwd(void) {
  static char *path;
  DWORD size = GetCurrentDirectoryW(0, NULL);
  wchar_t *wide = calloc((size_t)size + 1, sizeof *wide);
  if (!wide || !GetCurrentDirectoryW(size + 1, wide)) {
    last_error = wide ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;
    free(wide);
    return NULL;
  }
  if (size > MAX_PATH) {
    wchar_t short_path[MAX_PATH];
    DWORD length = GetShortPathNameW(wide, short_path, MAX_PATH);
    if (length > 0 && length < MAX_PATH) memcpy(wide, short_path, (length + 1) * sizeof *wide);
  }
  free(path);
  path = to_utf8(wide);
  free(wide);
  return path;
}

const char *platform_error(void) {
  static char text[256];
  DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
  DWORD size = FormatMessageA(flags, NULL, last_error, 0, text, sizeof text, NULL);
  while (size > 0 && strchr("\r\n. ", text[size - 1])) text[--size] = '\0';
  if (size == 0) snprintf(text, sizeof text, "error %lu", last_error);
  return text;
}

uint64_t platform_milliseconds(void) { return GetTickCount64(); }
uint32_t platform_process_id(void) { return GetCurrentProcessId(); }

bool platform_random(void *data, size_t size) {
  return BCryptGenRandom(NULL, data, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0;
}

/* Not exit(), which would wait for the thread that reads. */
void platform_exit(int code) {
  TerminateProcess(GetCurrentProcess(), (UINT)code);
  abort();
}

static bool read_arguments(int count, wchar_t **values) {
  arguments = calloc((size_t)count + 1, sizeof *arguments);
  if (!arguments) return false;
  for (int i = 0; i < count; i++) {
    if (!(arguments[i] = to_utf8(values[i]))) return false;
  }
  return true;
}

static bool read_environment(void) {
  wchar_t *block = GetEnvironmentStringsW();
  if (!block) return false;
  size_t count = 0;
  for (const wchar_t *entry = block; *entry; entry += wcslen(entry) + 1) count++;
  environment = calloc(count + 1, sizeof *environment);
  if (!environment) return false;
  count = 0;
  for (const wchar_t *entry = block; *entry; entry += wcslen(entry) + 1) {
    if (!(environment[count++] = to_utf8(entry))) return false;
  }
  FreeEnvironmentStringsW(block);
  return true;
}

bool platform_start(int count, native_char **values) {
  static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  for (int i = 0; i < 3; i++) {
    HANDLE handle = GetStdHandle(names[i]);
    streams[i] = handle == INVALID_HANDLE_VALUE || GetFileType(handle) == FILE_TYPE_UNKNOWN ? NULL : handle;
  }
  last_error = ERROR_NOT_ENOUGH_MEMORY;
  if (!read_arguments(count, values) || !read_environment()) return false;
  WSADATA data;
  last_error = (DWORD)WSAStartup(MAKEWORD(2, 2), &data);
  if (last_error != 0) return false;
  server_event = WSACreateEvent();
  input.asked = CreateEventW(NULL, FALSE, FALSE, NULL);
  input.answered = CreateEventW(NULL, TRUE, FALSE, NULL);
  last_error = GetLastError();
  return server_event != WSA_INVALID_EVENT && input.asked && input.answered;
}
