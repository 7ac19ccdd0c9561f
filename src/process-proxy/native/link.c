/*
 * The link to the server, in one of two forms. A plain connection is the socket as it is. A session is a pair of byte streams
 * that outlives its socket: it keeps bytes until the server has consumed them, and sends them again on the next socket.
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
#include "ring.h"
#include "wire.h"

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
  struct hello hello;
  enum state state;
  /* The server has accepted this link, at least once. */
  bool was_open;
  /* When to give up, and when to try the next socket, in ms of the platform's clock. 0 where no time runs. */
  uint64_t deadline, next_attempt;
  /* How long to look for the server, in ms. Its welcome says it. */
  uint32_t patience;
  /* Why the link is DEAD. */
  const char *reason;
  struct ring in, out;
  /* Offsets in the two streams: up to where the server knows what was consumed, and up to where it was sent data. */
  uint64_t in_acknowledged, out_sent;
  /* A header whose first bytes have arrived, then how many bytes of a frame's body are missing. */
  uint8_t header[HEADER_SIZE];
  size_t header_size, body;
  /* What goes to the socket next: a hello, or frames. */
  uint8_t packet[FRAME_SIZE + 64];
  size_t packet_start, packet_end;
} link;

static void check(void) {
  assert(link.out.start <= link.out_sent && link.out_sent <= link.out.end);
  assert(link.in.start <= link.in.end && link.in_acknowledged <= link.in.start);
  assert(ring_size(&link.in) <= WINDOW && ring_size(&link.out) <= WINDOW);
  assert(link.packet_start <= link.packet_end && link.packet_end <= sizeof link.packet);
  assert(link.header_size < HEADER_SIZE);
  assert(link.state != SEARCHING || link.hello.session);
  assert(link.state == OPEN || link.state == DEAD || link.deadline != 0);
  assert(link.state != OPEN || (link.was_open && link.deadline == 0));
  assert(link.state != DEAD || link.reason);
}

static bool is_connected(void) { return link.state == GREETING || link.state == OPEN; }

static void die(const char *reason) {
  link.state = DEAD;
  link.reason = reason;
}

static void open_link(void) {
  link.state = OPEN;
  link.was_open = true;
  link.deadline = 0;
}

static void queue(const void *data, size_t size) {
  assert(link.packet_end + size <= sizeof link.packet);
  memcpy(link.packet + link.packet_end, data, size);
  link.packet_end += size;
}

/* The socket is useless. A session tries another one at once, and then until the deadline. */
static void lose_socket(void) {
  platform_disconnect();
  if (!link.hello.session) {
    die(LOST);
    return;
  }
  link.state = SEARCHING;
  if (link.deadline == 0) link.deadline = platform_milliseconds() + link.patience;
}

static void connect_socket(void) {
  if (!platform_connect(link.port)) {
    /* A server that has never accepted the link may not come back. */
    if (!link.was_open) die(LOST);
    return;
  }
  link.state = GREETING;
  /* The last acknowledgement may have been lost with the last socket. */
  link.in_acknowledged = 0;
  link.packet_start = link.header_size = link.body = 0;
  link.hello.resumes = link.was_open;
  link.hello.received = link.in.end;
  link.packet_end = put_hello(link.packet, &link.hello);
}

/* `resent`: the server names the offset from which it needs the stream again. */
static void acknowledge_to(uint64_t offset, bool resent) {
  if (offset < link.out.start || offset > link.out.end || (!resent && offset > link.out_sent)) {
    fail("the server acknowledged bytes that were never sent. Is it a ProcessProxyServer?");
  }
  ring_release(&link.out, offset);
  if (resent) link.out_sent = offset;
}

static void take_welcome(const uint8_t *header) {
  if (header[0] == WELCOME_WAIT) {
    link.deadline = platform_milliseconds() + SILENCE_LIMIT;
    return;
  }
  if (header[0] != WELCOME_ACCEPTED) {
    die(link.was_open ? "the server has ended the session"
                      : "the server refused the connection. Is " TOKEN_VARIABLE " its token?");
    return;
  }
  acknowledge_to(get_number(header + 1, 8), true);
  link.patience = (uint32_t)get_number(header + 9, 4);
  open_link();
}

static void take_header(const uint8_t *header) {
  if (link.state == GREETING) take_welcome(header);
  else if (header[0] == FRAME_DATA) {
    link.body = (size_t)get_number(header + 1, 4);
    if (link.body > ring_room(&link.in)) fail("the server sent more than the window allows. Is it a ProcessProxyServer?");
  } else if (header[0] == FRAME_ACK) acknowledge_to(get_number(header + 1, 8), false);
  else if (header[0] == FRAME_CLOSE) die("the server has closed the connection");
  else fail("the server sent a frame of the unknown type %u. Is it a ProcessProxyServer?", header[0]);
}

static void take_frames(const uint8_t *data, size_t size) {
  while (size > 0 && link.state != DEAD) {
    size_t part;
    if (link.body > 0) {
      part = size < link.body ? size : link.body;
      ring_put(&link.in, data, part);
      link.body -= part;
    } else {
      part = 1;
      link.header[link.header_size++] = *data;
      uint8_t first = link.header[0];
      if (link.header_size == (link.state == GREETING ? welcome_size(first) : frame_header_size(first))) {
        link.header_size = 0;
        take_header(link.header);
      }
    }
    data += part;
    size -= part;
  }
}

static void receive(void) {
  static uint8_t data[FRAME_SIZE];
  size_t most = link.hello.session || ring_room(&link.in) > sizeof data ? sizeof data : ring_room(&link.in);
  long size = platform_receive(data, most);
  if (size == PLATFORM_AGAIN) return;
  if (size <= 0) lose_socket();
  else if (link.hello.session) take_frames(data, (size_t)size);
  else {
    open_link();
    ring_put(&link.in, data, (size_t)size);
  }
}

/* Fills the packet with whatever is due. */
static void fill_packet(void) {
  uint8_t header[9];
  link.packet_start = link.packet_end = 0;
  if (link.hello.session && link.state != OPEN) return;
  if (link.hello.session && link.in.start - link.in_acknowledged >= WINDOW / 4) {
    header[0] = FRAME_ACK;
    put_number(header + 1, link.in.start, 8);
    queue(header, 9);
    link.in_acknowledged = link.in.start;
  }
  uint64_t waiting = link.out.end - link.out_sent;
  size_t size = waiting < FRAME_SIZE ? (size_t)waiting : FRAME_SIZE;
  if (size == 0) return;
  if (link.hello.session) {
    header[0] = FRAME_DATA;
    put_number(header + 1, size, 4);
    queue(header, 5);
  }
  ring_copy(&link.out, link.out_sent, link.packet + link.packet_end, size);
  link.packet_end += size;
  link.out_sent += size;
  if (!link.hello.session) ring_release(&link.out, link.out_sent);
}

void link_flush(void) {
  while (is_connected()) {
    if (link.packet_start == link.packet_end) fill_packet();
    if (link.packet_start == link.packet_end) return;
    long size = platform_send(link.packet + link.packet_start, link.packet_end - link.packet_start);
    if (size == PLATFORM_AGAIN) return;
    if (size < 0) lose_socket();
    else link.packet_start += (size_t)size;
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
    if (link.hello.session || ring_room(&link.in) > 0) all |= SOCKET_READABLE;
    if (link.packet_start < link.packet_end) all |= SOCKET_WRITABLE;
  }
  unsigned ready = platform_wait(all, timeout);
  if (ready & SOCKET_READABLE) receive();
  check();
  return ready & wanted;
}

void link_open(uint16_t port, const char *token, bool session) {
  assert(strlen(token) <= TOKEN_SIZE);
  link.port = port;
  link.deadline = platform_milliseconds() + SILENCE_LIMIT;
  link.hello.session = session;
  link.hello.process_id = platform_process_id();
  memcpy(link.hello.token, token, strlen(token));
  if (session && !platform_random(link.hello.id, SESSION_ID_SIZE)) fail("no random numbers: %s", platform_error());
  connect_socket();
  if (link.state == DEAD) {
    fail("cannot connect to 127.0.0.1:%u: %s. Is the server of " PORT_VARIABLE " running?", port, platform_error());
  }
  link_flush();
}

bool link_has_session(void) { return link.hello.session; }
size_t link_room(void) { return ring_room(&link.out); }

size_t link_take(void *data, size_t size) {
  size_t held = ring_size(&link.in), part = size < held ? size : held;
  ring_copy(&link.in, link.in.start, data, part);
  ring_release(&link.in, link.in.start + part);
  return part;
}

size_t link_put(const void *data, size_t size) {
  size_t room = ring_room(&link.out), part = size < room ? size : room;
  ring_put(&link.out, data, part);
  return part;
}

void link_finish(void) {
  while (link.state != DEAD && (ring_size(&link.out) > 0 || link.packet_start < link.packet_end)) link_step(0);
  platform_disconnect();
}
