#include "streams.h"

#include <assert.h>
#include <string.h>

#include "fail.h"
#include "protocol.h"
#include "ring.h"

static struct {
  struct hello hello;
  /* The server has answered the hello on this socket. */
  bool open;
  uint32_t patience;
  struct ring in, out;
  /* Offsets in the two streams: up to where the server knows what was consumed, and up to where it was sent data. */
  uint64_t in_acknowledged, out_sent;
  /* A header whose first bytes have arrived, then how many bytes of a frame's body are missing. */
  uint8_t header[HEADER_SIZE];
  size_t header_size, body;
  /* What goes to the socket next: a hello, or frames. */
  uint8_t packet[FRAME_SIZE + 64];
  size_t packet_start, packet_end;
} streams;

void streams_check(void) {
  assert(streams.out.start <= streams.out_sent && streams.out_sent <= streams.out.end);
  assert(streams.in.start <= streams.in.end && streams.in_acknowledged <= streams.in.start);
  assert(ring_size(&streams.in) <= WINDOW && ring_size(&streams.out) <= WINDOW);
  assert(streams.packet_start <= streams.packet_end && streams.packet_end <= sizeof streams.packet);
  assert(streams.header_size < HEADER_SIZE);
}

void streams_begin(const struct hello *hello) { streams.hello = *hello; }

void streams_greet(bool resumes) {
  streams.open = false;
  /* The last acknowledgement may have been lost with the last socket. */
  streams.in_acknowledged = 0;
  streams.packet_start = streams.header_size = streams.body = 0;
  streams.hello.resumes = resumes;
  streams.hello.received = streams.in.end;
  streams.packet_end = put_hello(streams.packet, &streams.hello);
}

/* `resent`: the server names the offset from which it needs the stream again. */
static void acknowledge_to(uint64_t offset, bool resent) {
  if (offset < streams.out.start || offset > streams.out.end || (!resent && offset > streams.out_sent)) {
    fail("the server acknowledged bytes that were never sent. Is it a ProcessProxyServer?");
  }
  ring_release(&streams.out, offset);
  if (resent) streams.out_sent = offset;
}

static enum news take_welcome(const uint8_t *header) {
  if (header[0] == WELCOME_WAIT) return NEWS_WAIT;
  if (header[0] != WELCOME_ACCEPTED) return NEWS_REFUSED;
  acknowledge_to(get_number(header + 1, 8), true);
  streams.patience = (uint32_t)get_number(header + 9, 4);
  streams.open = true;
  return NEWS_OPEN;
}

static enum news take_frame_header(const uint8_t *header) {
  switch (header[0]) {
    case FRAME_DATA:
      streams.body = (size_t)get_number(header + 1, 4);
      if (streams.body <= ring_room(&streams.in)) return NEWS_NONE;
      fail("the server sent more than the window allows. Is it a ProcessProxyServer?");
    case FRAME_ACK: acknowledge_to(get_number(header + 1, 8), false); return NEWS_NONE;
    case FRAME_CLOSE: return NEWS_CLOSED;
    default: fail("the server sent a frame of the unknown type %u. Is it a ProcessProxyServer?", header[0]);
  }
}

static enum news take_header_byte(uint8_t byte) {
  streams.header[streams.header_size++] = byte;
  uint8_t first = streams.header[0];
  if (streams.header_size < (streams.open ? frame_header_size(first) : welcome_size(first))) return NEWS_NONE;
  streams.header_size = 0;
  return streams.open ? take_frame_header(streams.header) : take_welcome(streams.header);
}

/* Returns the last news. The link ends with NEWS_REFUSED and NEWS_CLOSED, so nothing after them is read. */
static enum news take_frames(const uint8_t *data, size_t size) {
  enum news last = NEWS_NONE;
  while (size > 0 && last != NEWS_REFUSED && last != NEWS_CLOSED) {
    size_t part = 1;
    if (streams.body > 0) {
      part = size < streams.body ? size : streams.body;
      ring_put(&streams.in, data, part);
      streams.body -= part;
    } else {
      enum news news = take_header_byte(*data);
      if (news != NEWS_NONE) last = news;
    }
    data += part;
    size -= part;
  }
  return last;
}

size_t streams_receivable(void) {
  size_t room = ring_room(&streams.in);
  return streams.hello.session || room > FRAME_SIZE ? FRAME_SIZE : room;
}

enum news streams_receive(const uint8_t *data, size_t size) {
  assert(size <= streams_receivable());
  if (streams.hello.session) return take_frames(data, size);
  ring_put(&streams.in, data, size);
  bool was_open = streams.open;
  streams.open = true;
  return was_open ? NEWS_NONE : NEWS_OPEN;
}

uint32_t streams_patience(void) { return streams.patience; }

static void queue(const void *data, size_t size) {
  assert(streams.packet_end + size <= sizeof streams.packet);
  memcpy(streams.packet + streams.packet_end, data, size);
  streams.packet_end += size;
}

static void queue_header(enum frame type, uint64_t number, size_t size) {
  uint8_t header[HEADER_SIZE] = {(uint8_t)type};
  put_number(header + 1, number, size);
  queue(header, 1 + size);
}

/* Fills the empty packet with whatever is due. */
static void fill_packet(void) {
  bool session = streams.hello.session;
  streams.packet_start = streams.packet_end = 0;
  if (session && !streams.open) return;
  if (session && streams.in.start - streams.in_acknowledged >= WINDOW / 4) {
    queue_header(FRAME_ACK, streams.in.start, 8);
    streams.in_acknowledged = streams.in.start;
  }
  uint64_t waiting = streams.out.end - streams.out_sent;
  size_t size = waiting < FRAME_SIZE ? (size_t)waiting : FRAME_SIZE;
  if (size == 0) return;
  if (session) queue_header(FRAME_DATA, size, 4);
  ring_copy(&streams.out, streams.out_sent, streams.packet + streams.packet_end, size);
  streams.packet_end += size;
  streams.out_sent += size;
  if (!session) ring_release(&streams.out, streams.out_sent);
}

const uint8_t *streams_packet(size_t *size) {
  if (!streams_has_packet()) fill_packet();
  *size = streams.packet_end - streams.packet_start;
  return streams.packet + streams.packet_start;
}

void streams_sent(size_t size) {
  assert(size <= streams.packet_end - streams.packet_start);
  streams.packet_start += size;
}

bool streams_has_packet(void) { return streams.packet_start < streams.packet_end; }

size_t streams_take(void *data, size_t size) {
  size_t held = ring_size(&streams.in), part = size < held ? size : held;
  ring_copy(&streams.in, streams.in.start, data, part);
  ring_release(&streams.in, streams.in.start + part);
  return part;
}

size_t streams_put(const void *data, size_t size) {
  size_t room = streams_room(), part = size < room ? size : room;
  ring_put(&streams.out, data, part);
  return part;
}

size_t streams_room(void) { return ring_room(&streams.out); }
bool streams_finished(void) { return ring_size(&streams.out) == 0 && !streams_has_packet(); }
