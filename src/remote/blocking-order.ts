import { ByteCollector } from '../channel/byte-collector.js';
import { ProtocolError } from '../errors.js';

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
/** No piece is longer: it is what one read of a socket brings. */
const MAX_PIECE = 1024 * 1024;

/** Makes a piece that belongs behind `messages` bytes of messages. */
export function blockingPiece(messages: number, bytes: Buffer): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUIntLE(messages, 0, 6);
  header.writeUInt32LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

/** Reads pieces, and holds each back until the messages before it have arrived. */
export class BlockingReader {
  readonly #deliver: (bytes: Buffer) => void;
  readonly #partial = new ByteCollector();
  readonly #held: { readonly after: number; readonly bytes: Buffer }[] = [];
  #header: Buffer | undefined;
  #messages = 0;

  constructor(deliver: (bytes: Buffer) => void) {
    this.#deliver = deliver;
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
    for (let first = this.#held[0]; first && first.after <= this.#messages; first = this.#held[0]) {
      this.#held.shift();
      this.#deliver(first.bytes);
    }
  }
}
