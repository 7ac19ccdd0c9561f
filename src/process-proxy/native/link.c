/*
 * The link to the server: its sockets, one after the other, and how long to try.
 *
 *               connected            first answer
 *   SEARCHING ─────────────▶ GREETING ─────────────▶ OPEN
 *       ▲                        │                    │
 *       └────────────────────────┴────────────────────┘ a session's socket broke
 *
 *   From each of them the link can become DEAD: the server refuses it or closes it, a plain connection breaks, or a search
 *   takes too long. The reason is kept until the commands that arrived before are carried out. A server that is silent in the
 *   first GREETING ends the process at once.
 */
#include "link.h"

#include <assert.h>
#include <string.h>

#include "fail.h"
#include "platform.h"
#include "protocol.h"
#include "streams.h"

/* How often a session looks for its server, in ms. */
#define RETRY_DELAY 20
/* How long a server may accept the socket and say nothing, in ms. */
#ifndef SILENCE_LIMIT
#define SILENCE_LIMIT 10000
#endif
#define LOST "the connection to the server is lost"

enum state { SEARCHING, GREETING, OPEN, DEAD };

static struct {
  uint16_t port;
  bool session;
  enum state state;
  /* The server has accepted this link, at least once. */
  bool was_open;
  /* When to give up, and when to try the next socket, in ms of the platform's clock. 0 where no time runs. */
  uint64_t deadline, next_attempt;
  /* Why the link is DEAD. */
  const char *reason;
} link;

static void check(void) {
  assert(link.state != SEARCHING || link.session);
  assert(link.state == OPEN || link.state == DEAD || link.deadline != 0);
  assert(link.state != OPEN || (link.was_open && link.deadline == 0));
  assert(link.state != DEAD || link.reason);
  streams_check();
}

static bool is_connected(void) { return link.state == GREETING || link.state == OPEN; }

static void die(const char *reason) {
  link.state = DEAD;
  link.reason = reason;
}

/* The socket is useless. A session tries another one at once, and then until the deadline. */
static void lose_socket(void) {
  platform_disconnect();
  if (!link.session) {
    die(LOST);
    return;
  }
  link.state = SEARCHING;
  if (link.deadline == 0) link.deadline = platform_milliseconds() + streams_patience();
}

static void connect_socket(void) {
  if (platform_connect(link.port)) {
    link.state = GREETING;
    streams_greet(link.was_open);
  } else if (!link.was_open) {
    /* A server that has never accepted the link may not come back. */
    die(LOST);
  }
}

static void receive(void) {
  static uint8_t data[FRAME_SIZE];
  long size = platform_receive(data, streams_receivable());
  if (size == PLATFORM_AGAIN) return;
  if (size <= 0) {
    lose_socket();
    return;
  }
  switch (streams_receive(data, (size_t)size)) {
    case NEWS_NONE: break;
    case NEWS_OPEN:
      link.state = OPEN;
      link.was_open = true;
      link.deadline = 0;
      break;
    case NEWS_WAIT: link.deadline = platform_milliseconds() + SILENCE_LIMIT; break;
    case NEWS_REFUSED:
      die(link.was_open ? "the server has ended the session"
                        : "the server refused the connection. Is " TOKEN_VARIABLE " its token?");
      break;
    case NEWS_CLOSED: die("the server has closed the connection"); break;
  }
}

void link_flush(void) {
  while (is_connected()) {
    size_t size;
    const uint8_t *packet = streams_packet(&size);
    if (size == 0) return;
    long sent = platform_send(packet, size);
    if (sent == PLATFORM_AGAIN) return;
    if (sent < 0) lose_socket();
    else streams_sent((size_t)sent);
  }
}

/* On a dead link, output that arrived before is still written, but no more input is read. */
static unsigned step_when_dead(unsigned wanted) {
  wanted &= ~(unsigned)STDIN_READABLE;
  if (wanted == 0) fail("%s", link.reason);
  return platform_wait(wanted, -1);
}

static void give_up(void) {
  if (link.state == GREETING && !link.was_open) {
    fail("the server on 127.0.0.1:%u accepted the connection and said nothing for %d ms. Is it a ProcessProxyServer?",
         link.port, SILENCE_LIMIT);
  }
  platform_disconnect();
  die(LOST);
}

unsigned link_step(unsigned wanted) {
  check();
  if (link.state == DEAD) return step_when_dead(wanted);
  uint64_t now = platform_milliseconds();
  if (link.deadline != 0 && now >= link.deadline) {
    give_up();
    return 0;
  }
  if (link.state == SEARCHING && now >= link.next_attempt) {
    link.next_attempt = now + RETRY_DELAY;
    connect_socket();
  }
  link_flush();
  if (link.state == DEAD) return 0;
  /* Only now, because the flush may be what loses the socket. */
  uint64_t until = link.state == SEARCHING && link.next_attempt < link.deadline ? link.next_attempt : link.deadline;
  int timeout = link.deadline == 0 ? -1 : until <= now ? 0 : (int)(until - now);
  unsigned all = wanted;
  if (is_connected()) {
    if (streams_receivable() > 0) all |= SOCKET_READABLE;
    if (streams_has_packet()) all |= SOCKET_WRITABLE;
  }
  unsigned ready = platform_wait(all, timeout);
  if (ready & SOCKET_READABLE) receive();
  check();
  return ready & wanted;
}

void link_open(uint16_t port, const char *token, bool session) {
  struct hello hello = {.session = session, .process_id = platform_process_id()};
  assert(strlen(token) <= TOKEN_SIZE);
  memcpy(hello.token, token, strlen(token));
  if (session && !platform_random(hello.id, SESSION_ID_SIZE)) fail("no random numbers: %s", platform_error());
  streams_begin(&hello);
  link.port = port;
  link.session = session;
  link.deadline = platform_milliseconds() + SILENCE_LIMIT;
  connect_socket();
  if (link.state == DEAD) {
    fail("cannot connect to 127.0.0.1:%u: %s. Is the server of " PORT_VARIABLE " running?", port, platform_error());
  }
  link_flush();
}

bool link_has_session(void) { return link.session; }
size_t link_room(void) { return streams_room(); }
size_t link_take(void *data, size_t size) { return streams_take(data, size); }
size_t link_put(const void *data, size_t size) { return streams_put(data, size); }

void link_finish(void) {
  while (link.state != DEAD && !streams_finished()) link_step(0);
  platform_disconnect();
}
