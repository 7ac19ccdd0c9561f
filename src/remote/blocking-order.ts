import { ByteCollector } from '../channel/byte-collector.js';
import { ProtocolError } from '../errors.js';
import { WINDOW } from './link/link.js';

/**
 * A child that blocks in `sync()` has sent its messages before. Lanes do not wait for each other, so that the host says of each piece
 * on the blocking lane behind how many bytes of messages it belongs:
 *
 *     ┌───────────────────┬────────┬───────┐
 *     │ bytes of messages │ length │ bytes │
 *     └───────────────────┴────────┴───────┘
 *       6 bytes             4 bytes
 */
const HEADER_BYTES = 10;
/** No piece is longer, in bytes: it is what one read of a socket brings. Half of a window, so that a whole one fits. */
const MAX_PIECE = WINDOW / 2;

/** Makes a piece that belongs behind `messages` bytes of messages. */
export function blockingPiece(messages: number, bytes: Buffer): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUIntLE(messages, 0, 6);
  header.writeUInt32LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

interface Piece {
  /** Bytes of messages that come before it. */
  readonly after: number;
  readonly bytes: Buffer;
}

/** Reads pieces, and holds each back until the messages before it have arrived. What is held takes the room of the lane. */
export class BlockingReader {
  readonly #deliver: (bytes: Buffer) => void;
  readonly #consume: (count: number) => void;
  readonly #partial = new ByteCollector();
  #held: (Piece | undefined)[] = [];
  /** The index of the first piece held. Moving the others forward for each one that leaves would take quadratic time. */
  #head = 0;
  #header: Buffer | undefined;
  #messages = 0;

  /** @param consume called when bytes of the lane were used: it has room for as many more */
  constructor(deliver: (bytes: Buffer) => void, consume: (count: number) => void) {
    this.#deliver = deliver;
    this.#consume = consume;
  }

  /** `count` more bytes of messages have arrived. */
  advance(count: number): void {
    this.#messages += count;
    this.#release();
  }

  /** @throws {ProtocolError} for a piece that is too long */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const size = this.#header?.readUInt32LE(6) ?? HEADER_BYTES;
      if (size === 0 || size > MAX_PIECE) throw new ProtocolError(`A piece of ${size} bytes arrived for sync().`);
      const part = rest.subarray(0, size - this.#partial.length);
      this.#partial.add(part);
      rest = rest.subarray(part.length);
      if (this.#partial.length === size) this.#complete(this.#partial.take());
    }
    this.#release();
  }

  #complete(bytes: Buffer): void {
    if (this.#header) this.#held.push({ after: this.#header.readUIntLE(0, 6), bytes });
    this.#header = this.#header ? undefined : Buffer.from(bytes);
  }

  #release(): void {
    for (let first = this.#held[this.#head]; first && first.after <= this.#messages; first = this.#held[this.#head]) {
      this.#removeFirst();
      this.#deliver(first.bytes);
      this.#consume(HEADER_BYTES + first.bytes.length);
    }
  }

  #removeFirst(): void {
    this.#held[this.#head++] = undefined;
    if (this.#head * 2 < this.#held.length) return;
    this.#held = this.#held.slice(this.#head);
    this.#head = 0;
  }
}
