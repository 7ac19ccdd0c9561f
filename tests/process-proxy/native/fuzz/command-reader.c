/*
 * Feeds input from libFuzzer to the executable's link and command reader, on a simulated platform. Its socket delivers the input in
 * pieces and with breaks, and its streams take and give varying amounts. The first byte of the input chooses between a plain
 * connection and a session. After it, each piece begins with its size, and 0 breaks the socket.
 */
#include <setjmp.h>

#include "../../../../src/process-proxy/native/commands.c"
#include "../../../../src/process-proxy/native/fail.c"
#include "../../../../src/process-proxy/native/link.c"
#include "../../../../src/process-proxy/native/ring.c"
#include "../../../../src/process-proxy/native/streams.c"
#include "../../../../src/process-proxy/native/wire.c"

static jmp_buf end;
static const uint8_t *input;
static size_t input_size;
static uint64_t now;
static unsigned turn;
static char *no_strings[] = {"process-proxy", "", "argument", NULL};

unsigned platform_wait(unsigned wanted, int timeout) {
  if (timeout > 0) now += (uint64_t)timeout;
  /* Every fifth time, only the socket is ready. */
  return turn++ % 5 == 0 ? wanted & (SOCKET_READABLE | SOCKET_WRITABLE) : wanted;
}

/* At the end of the input, the clock jumps past every deadline. */
bool platform_connect(uint16_t port) {
  if (input_size == 0) now += (uint64_t)1 << 40;
  return port != 0 && input_size > 0;
}

void platform_disconnect(void) {}

long platform_receive(void *data, size_t size) {
  if (input_size == 0) return PLATFORM_END;
  size_t piece = *input++;
  input_size--;
  if (piece == 0) return PLATFORM_END;
  /* Large pieces fill the windows. */
  if (piece > 250) piece *= 1000;
  if (piece > input_size) piece = input_size;
  if (piece > size) piece = size;
  if (piece == 0) return PLATFORM_AGAIN;
  memcpy(data, input, piece);
  input += piece;
  input_size -= piece;
  return (long)piece;
}

static long some_of(size_t size) {
  size_t most = 1 + turn++ * 7919 % 100000;
  return turn % 11 == 0 ? PLATFORM_AGAIN : (long)(size < most ? size : most);
}

/* Reads the bytes, so that the sanitizer checks them. */
long platform_send(const void *data, size_t size) {
  static volatile uint8_t sum;
  for (size_t i = 0; i < size; i++) sum ^= ((const uint8_t *)data)[i];
  return some_of(size);
}

long platform_write(int stream, const void *data, size_t size) {
  return turn % 13 == 0 ? PLATFORM_FAILED : stream ? platform_send(data, size) : PLATFORM_FAILED;
}

long platform_read_stdin(void *data, size_t size) {
  if (turn % 17 == 0) return turn++ % 2 ? PLATFORM_END : PLATFORM_FAILED;
  long count = some_of(size);
  if (count > 0) memset(data, 'x', (size_t)count);
  return count;
}

bool platform_close(int stream) { return (turn++ + (unsigned)stream) % 3 != 0; }
bool platform_stdin_connected(void) { return true; }
char **platform_arguments(void) { return no_strings; }
char **platform_environment(void) { return no_strings; }
const char *platform_cwd(void) { return turn % 2 ? "/" : NULL; }
const char *platform_error(void) { return "an error whose text is rather long, as those of some systems in some languages are"; }
uint64_t platform_milliseconds(void) { return ++now; }
uint32_t platform_process_id(void) { return 1; }

bool platform_random(void *data, size_t size) {
  memset(data, 7, size);
  return true;
}

void platform_exit(int code) { longjmp(end, code == 0 ? 2 : 1); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  memset(&link, 0, sizeof link);
  memset(&streams, 0, sizeof streams);
  stdin_awaited = 0;
  stdin_closed = in_message = false;
  turn = data[0] >> 1;
  now = 0;
  input = data + 1;
  input_size = size - 1;
  if (setjmp(end) == 0 && input_size > 0) {
    link_open(1, "token", data[0] & 1);
    serve_commands();
  }
  return 0;
}
