/* Linux and macOS. It needs neither /dev nor any descriptor but the socket. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <time.h>
#include <unistd.h>

extern char **environ;
static char **arguments;
static int server = -1;
/* Closed streams are never touched: the socket may get the number of one. */
static bool closed[3];
/* A write of at most this size does not block once the stream is writable: a pipe takes PIPE_BUF bytes, a file any number. */
static size_t write_size[3];

/* On macOS, poll() does not work on terminals. */
#if defined(__APPLE__) && !defined(PROCESS_PROXY_USE_SELECT)
#define PROCESS_PROXY_USE_SELECT
#endif

#ifdef PROCESS_PROXY_USE_SELECT
#include <sys/select.h>
static void wait_for_descriptors(struct pollfd *fds, nfds_t count, int timeout) {
  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  int highest = -1;
  for (nfds_t i = 0; i < count; i++) {
    if (fds[i].events & POLLIN) FD_SET(fds[i].fd, &readable);
    if (fds[i].events & POLLOUT) FD_SET(fds[i].fd, &writable);
    if (fds[i].fd > highest) highest = fds[i].fd;
  }
  struct timeval limit = {timeout / 1000, timeout % 1000 * 1000};
  int ready = select(highest + 1, &readable, &writable, NULL, timeout < 0 ? NULL : &limit);
  for (nfds_t i = 0; i < count; i++) {
    fds[i].revents = 0;
    if (ready > 0 && FD_ISSET(fds[i].fd, &readable)) fds[i].revents |= POLLIN;
    if (ready > 0 && FD_ISSET(fds[i].fd, &writable)) fds[i].revents |= POLLOUT;
  }
}
#else
static void wait_for_descriptors(struct pollfd *fds, nfds_t count, int timeout) {
  if (poll(fds, count, timeout) >= 0) return;
  for (nfds_t i = 0; i < count; i++) fds[i].revents = 0;
}
#endif

unsigned platform_wait(unsigned wanted, int timeout) {
  const struct {
    unsigned in, out;
    int fd;
    bool closed;
  } sources[] = {
      {SOCKET_READABLE, SOCKET_WRITABLE, server, false},
      {STDIN_READABLE, 0, 0, closed[0]},
      {0, STDOUT_WRITABLE, 1, closed[1]},
      {0, STDERR_WRITABLE, 2, closed[2]},
  };
  struct pollfd fds[4];
  unsigned in[4], out[4], ready = 0;
  nfds_t count = 0;
  for (size_t i = 0; i < 4; i++) {
    unsigned reads = wanted & sources[i].in, writes = wanted & sources[i].out;
    if (sources[i].closed) ready |= reads | writes;
    else if (reads || writes) {
      fds[count] = (struct pollfd){sources[i].fd, (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0};
      in[count] = reads;
      out[count++] = writes;
    }
  }
  wait_for_descriptors(fds, count, ready ? 0 : timeout);
  /* A failure counts as ready: the next read or write reports it. */
  for (nfds_t i = 0; i < count; i++) {
    if (fds[i].revents & ~POLLOUT) ready |= in[i];
    if (fds[i].revents & ~POLLIN) ready |= out[i];
  }
  return ready;
}

/* Where the limit of descriptors leaves none for the socket, raises it: the standard streams are three already. */
static int open_socket(void) {
  int opened = socket(AF_INET, SOCK_STREAM, 0);
  if (opened >= 0 || errno != EMFILE) return opened;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur++;
    /* Only a privileged process may do this. */
    if (limit.rlim_max < limit.rlim_cur) limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return socket(AF_INET, SOCK_STREAM, 0);
  }
  errno = EMFILE;
  return -1;
}

static bool is_too_high(int fd) {
#ifdef PROCESS_PROXY_USE_SELECT
  return fd >= FD_SETSIZE;
#else
  (void)fd;
  return false;
#endif
}

bool platform_connect(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  server = open_socket();
  if (server < 0) return false;
  if (is_too_high(server)) {
    platform_disconnect();
    errno = EMFILE;
    return false;
  }
  if (connect(server, (struct sockaddr *)&address, sizeof address) < 0) {
    int reason = errno;
    platform_disconnect();
    errno = reason;
    return false;
  }
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fcntl(server, F_SETFL, O_NONBLOCK) == 0 && fcntl(server, F_SETFD, FD_CLOEXEC) == 0;
}

void platform_disconnect(void) {
  if (server >= 0) close(server);
  server = -1;
}

static long outcome(ssize_t size) {
  if (size >= 0) return (long)size;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? PLATFORM_AGAIN : PLATFORM_FAILED;
}

long platform_receive(void *data, size_t size) { return outcome(recv(server, data, size, 0)); }
long platform_send(const void *data, size_t size) { return outcome(send(server, data, size, 0)); }

long platform_read_stdin(void *data, size_t size) {
  if (closed[0]) return PLATFORM_END;
  long count = outcome(read(0, data, size));
  return count == 0 ? PLATFORM_END : count;
}

long platform_write(int stream, const void *data, size_t size) {
  if (closed[stream]) {
    errno = EBADF;
    return PLATFORM_FAILED;
  }
  return outcome(write(stream, data, size < write_size[stream] ? size : write_size[stream]));
}

bool platform_close(int stream) {
  if (closed[stream]) {
    errno = EBADF;
    return false;
  }
  closed[stream] = true;
  return close(stream) == 0;
}

static bool is_null_device(dev_t device) {
#ifdef __linux__
  return device == makedev(1, 3);
#else
  struct stat null;
  return stat("/dev/null", &null) == 0 && device == null.st_rdev;
#endif
}

bool platform_stdin_connected(void) {
  struct stat info;
  if (closed[0] || fstat(0, &info) < 0) return false;
  return !(S_ISCHR(info.st_mode) && is_null_device(info.st_rdev));
}

char **platform_arguments(void) { return arguments; }
char **platform_environment(void) { return environ; }
const char *platform_variable(const char *name) { return getenv(name); }

const char *platform_cwd(void) {
  static char *path;
  free(path);
  return path = getcwd(NULL, 0);
}

const char *platform_error(void) {
  return errno == EMFILE ? "too many open files; ulimit -n must be 4 or more" : strerror(errno);
}

uint64_t platform_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t platform_process_id(void) { return (uint32_t)getpid(); }

bool platform_random(void *data, size_t size) { return getentropy(data, size) == 0; }

void platform_exit(int code) { _exit(code); }

bool platform_start(int count, native_char **values) {
  (void)count;
  arguments = values;
  signal(SIGPIPE, SIG_IGN);
  for (int stream = 0; stream < 3; stream++) {
    struct stat info;
    closed[stream] = fstat(stream, &info) < 0;
    if (!closed[stream]) write_size[stream] = S_ISREG(info.st_mode) ? SIZE_MAX : PIPE_BUF;
  }
  return true;
}
