/*
 * The connection to the server, in one of two forms. A plain connection is the socket as it is. A session is a pair of byte
 * streams that outlives its socket: bytes are kept until the server has consumed them, and sent again on the next socket.
 */
#include "process_proxy.h"

#include <string.h>

#define RETRY_DELAY 20
#define PATIENCE 5000 /* Until the server's welcome says how long to look for it. */
#define HEADER_SIZE 13

/* A ring of bytes, addressed by their offsets in the stream. */
struct ring {
  uint8_t bytes[WINDOW];
  uint64_t start, end;
};

static struct {
  uint16_t port;
  char token[TOKEN_SIZE];
  uint8_t id[SESSION_ID_SIZE];
  bool session, connected, welcomed, ever_welcomed;
  /* While there is no working socket: until when to look for one. After that, or without a session, the link is dead. */
  uint64_t deadline, next_attempt;
  uint32_t patience;
  const char *dead;
  struct ring in, out;
  uint64_t in_acknowledged, out_sent;
  /* A header that is being received, then so much of a frame's body. */
  uint8_t header[HEADER_SIZE];
  size_t header_size, body;
  /* What goes to the socket next: frames, or a hello. */
  uint8_t packet[FRAME_SIZE + 64];
  size_t packet_start, packet_end;
} link;

static void put_number(uint8_t *to, uint64_t number, size_t size) {
  for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get_number(const uint8_t *from, size_t size) {
  uint64_t number = 0;
  for (size_t i = size; i-- > 0;) number = number << 8 | from[i];
  return number;
}

static size_t room(const struct ring *ring) { return WINDOW - (size_t)(ring->end - ring->start); }

static void ring_put(struct ring *ring, const uint8_t *from, size_t size) {
  size_t at = (size_t)(ring->end % WINDOW), first = size < WINDOW - at ? size : WINDOW - at;
  memcpy(ring->bytes + at, from, first);
  memcpy(ring->bytes, from + first, size - first);
  ring->end += size;
}

static void ring_copy(const struct ring *ring, uint64_t offset, uint8_t *to, size_t size) {
  size_t at = (size_t)(offset % WINDOW), first = size < WINDOW - at ? size : WINDOW - at;
  memcpy(to, ring->bytes + at, first);
  memcpy(to + first, ring->bytes, size - first);
}

bool link_has_session(void) { return link.session; }
size_t link_room(void) { return room(&link.out); }

static void queue(const void *data, size_t size) {
  memcpy(link.packet + link.packet_end, data, size);
  link.packet_end += size;
}

/* The socket is useless. Another is tried at once, and then until the deadline. */
static void lose_socket(void) {
  platform_disconnect();
  link.connected = link.welcomed = false;
  if (!link.session) link.dead = "the connection to the server is lost";
  else if (link.deadline == 0) link.deadline = platform_milliseconds() + link.patience;
}

static void connect_socket(void) {
  if (!platform_connect(link.port)) {
    /* One that has never said how long it is to be looked for is not coming back. */
    if (!link.ever_welcomed) link.dead = "the connection to the server is lost";
    return;
  }
  link.connected = true;
  /* An acknowledgement may have been lost with the last socket. */
  link.in_acknowledged = 0;
  link.packet_start = link.packet_end = link.header_size = link.body = 0;
  queue(link.session ? SESSION_MAGIC : PLAIN_MAGIC, sizeof PLAIN_MAGIC - 1);
  queue(link.token, TOKEN_SIZE);
  if (!link.session) return;
  uint8_t rest[4 + 1 + 8];
  put_number(rest, platform_process_id(), 4);
  rest[4] = link.ever_welcomed;
  put_number(rest + 5, link.in.end, 8);
  queue(link.id, SESSION_ID_SIZE);
  queue(rest, sizeof rest);
}

static void acknowledge_to(uint64_t offset, bool resent) {
  if (offset < link.out.start || offset > link.out.end || (!resent && offset > link.out_sent)) {
    fail("the server acknowledged bytes that were never sent; is it a ProcessProxyServer?");
  }
  link.out.start = offset;
  if (resent) link.out_sent = offset;
}

/* Returns how many bytes the header has whose first is here. */
static size_t header_length(uint8_t first) {
  if (!link.welcomed) return first == WELCOME_ACCEPTED ? 13 : 1;
  return first == FRAME_DATA ? 5 : first == FRAME_ACK ? 9 : 1;
}

static void take_header(void) {
  const uint8_t *header = link.header;
  if (!link.welcomed) {
    if (header[0] != WELCOME_ACCEPTED) {
      link.dead = link.ever_welcomed ? "the server has ended the session"
                                     : "the server refused the connection; is " TOKEN_VARIABLE " its token?";
      return;
    }
    acknowledge_to(get_number(header + 1, 8), true);
    link.patience = (uint32_t)get_number(header + 9, 4);
    link.welcomed = link.ever_welcomed = true;
    link.deadline = 0;
  } else if (header[0] == FRAME_DATA) {
    link.body = (size_t)get_number(header + 1, 4);
    if (link.body > room(&link.in)) fail("the server sent more than the window allows; is it a ProcessProxyServer?");
  } else if (header[0] == FRAME_ACK) acknowledge_to(get_number(header + 1, 8), false);
  else if (header[0] == FRAME_CLOSE) link.dead = "the server has closed the connection";
  else fail("the server sent a frame of the unknown type %u; is it a ProcessProxyServer?", header[0]);
}

static void take_frames(const uint8_t *data, size_t size) {
  while (size > 0 && !link.dead) {
    size_t part;
    if (link.body > 0) {
      part = size < link.body ? size : link.body;
      ring_put(&link.in, data, part);
      link.body -= part;
    } else {
      part = 1;
      link.header[link.header_size++] = *data;
      if (link.header_size == header_length(link.header[0])) {
        link.header_size = 0;
        take_header();
      }
    }
    data += part;
    size -= part;
  }
}

static void receive(void) {
  static uint8_t data[FRAME_SIZE];
  size_t most = link.session || room(&link.in) > sizeof data ? sizeof data : room(&link.in);
  long size = platform_receive(data, most);
  if (size == PLATFORM_AGAIN) return;
  if (size <= 0) lose_socket();
  else if (link.session) take_frames(data, (size_t)size);
  else ring_put(&link.in, data, (size_t)size);
}

/* Fills the packet from what is due. */
static void fill_packet(void) {
  uint8_t header[9];
  link.packet_start = link.packet_end = 0;
  if (link.session && !link.welcomed) return;
  if (link.session && link.in.start - link.in_acknowledged >= WINDOW / 4) {
    header[0] = FRAME_ACK;
    put_number(header + 1, link.in.start, 8);
    queue(header, 9);
    link.in_acknowledged = link.in.start;
  }
  uint64_t waiting = link.out.end - link.out_sent;
  size_t size = waiting < FRAME_SIZE ? (size_t)waiting : FRAME_SIZE;
  if (size == 0) return;
  if (link.session) {
    header[0] = FRAME_DATA;
    put_number(header + 1, size, 4);
    queue(header, 5);
  }
  ring_copy(&link.out, link.out_sent, link.packet + link.packet_end, size);
  link.packet_end += size;
  link.out_sent += size;
  if (!link.session) link.out.start = link.out_sent;
}

/* Sends what the socket takes now. */
void link_flush(void) {
  while (link.connected && !link.dead) {
    if (link.packet_start == link.packet_end) fill_packet();
    if (link.packet_start == link.packet_end) return;
    long size = platform_send(link.packet + link.packet_start, link.packet_end - link.packet_start);
    if (size == PLATFORM_AGAIN) return;
    if (size < 0) lose_socket();
    else link.packet_start += (size_t)size;
  }
}

/* Waits until something has moved: bytes on the socket, or one of `wanted`, which is returned. */
unsigned link_step(unsigned wanted) {
  /* On a dead link, what has arrived is still carried out. */
  if (link.dead && wanted == 0) fail("%s", link.dead);
  uint64_t now = platform_milliseconds();
  if (!link.dead && link.deadline != 0) {
    if (now >= link.deadline) {
      lose_socket();
      link.dead = "the connection to the server is lost";
      return 0;
    }
    if (!link.connected && now >= link.next_attempt) {
      link.next_attempt = now + RETRY_DELAY;
      connect_socket();
    }
  }
  link_flush();
  /* After the flush, which may be what loses the socket. */
  uint64_t until = link.connected || link.next_attempt > link.deadline ? link.deadline : link.next_attempt;
  int timeout = link.dead || link.deadline == 0 ? -1 : until <= now ? 0 : (int)(until - now);
  unsigned all = wanted;
  if (link.connected && !link.dead) {
    if (link.session || room(&link.in) > 0) all |= SOCKET_READABLE;
    if (link.packet_start < link.packet_end) all |= SOCKET_WRITABLE;
  }
  bool asks = wants_stdin() && !link.dead;
  if (asks) all |= STDIN_READABLE;
  unsigned ready = platform_wait(all, timeout);
  if (ready & SOCKET_READABLE) receive();
  if (asks && (ready & STDIN_READABLE)) answer_stdin();
  return ready & wanted;
}

void link_open(uint16_t port, const char *token, bool session) {
  link.port = port;
  link.session = session;
  link.patience = PATIENCE;
  memcpy(link.token, token, strlen(token));
  if (session && !platform_random(link.id, sizeof link.id)) fail("no random numbers: %s", platform_error());
  connect_socket();
  if (link.dead) {
    fail("cannot connect to 127.0.0.1:%u: %s. Is the server of " PORT_VARIABLE " running?", port, platform_error());
  }
  link_flush();
}

void link_read(void *data, size_t size) {
  uint8_t *to = data;
  while (size > 0) {
    size_t there = (size_t)(link.in.end - link.in.start), part = size < there ? size : there;
    if (part == 0) {
      link_step(0);
      continue;
    }
    ring_copy(&link.in, link.in.start, to, part);
    link.in.start += part;
    to += part;
    size -= part;
  }
}

/* Copies; what does not fit waits for the server. */
void link_write(const void *data, size_t size) {
  const uint8_t *from = data;
  while (size > 0) {
    size_t free = room(&link.out), part = size < free ? size : free;
    if (part == 0) {
      link_step(0);
      continue;
    }
    ring_put(&link.out, from, part);
    from += part;
    size -= part;
  }
}

/* Waits until the server has all that was written. Whoever ends the process after this does not mind that the server is gone. */
void link_finish(void) {
  while (!link.dead && (link.out.start < link.out.end || link.packet_start < link.packet_end)) link_step(0);
  platform_disconnect();
}
