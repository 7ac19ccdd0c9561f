import { readSync, writeSync } from 'node:fs';
import { frame, HEADER_BYTES, type MessageFormat } from './frames.js';

/**
 * A socket on which a process sends a message and waits for the answer without turning its event loop. The descriptor must be a
 * blocking one, as the child's end of an extra `'pipe'` of `child_process.fork` is.
 */
export class BlockingSocket {
  readonly #descriptor: number;
  readonly #format: MessageFormat;
  /** Where an answer is read. There is one at a time, and most fit. */
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  constructor(descriptor: number, format: MessageFormat) {
    this.#descriptor = descriptor;
    this.#format = format;
  }

  /** @returns the answer, or `undefined` when the other side has closed the socket */
  request(message: object): unknown {
    const bytes = frame(this.#format.encode(message));
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
      const body = this.#readBody();
      return body && this.#format.decode(body);
    } catch (error) {
      if (closed.has((error as NodeJS.ErrnoException).code)) return undefined;
      throw error;
    }
  }

  #readBody(): Buffer | undefined {
    const read = this.#fill(this.#buffer, 0, HEADER_BYTES);
    if (read < HEADER_BYTES) return undefined;
    const size = this.#buffer.readUInt32LE();
    // A copy: what is decoded may be a view of it.
    const body = Buffer.allocUnsafeSlow(size);
    const start = this.#buffer.copy(body, 0, HEADER_BYTES, read);
    return this.#fill(body, start, size) < size ? undefined : body;
  }

  /** Reads until `buffer` holds `needed` bytes; more where they are there. Returns how many it holds: fewer at the end of the socket. */
  #fill(buffer: Buffer, start: number, needed: number): number {
    let filled = start;
    while (filled < needed) {
      const count = readSync(this.#descriptor, buffer, filled, buffer.length - filled, null);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }
}

const BUFFER_BYTES = 8 * 1024;

/** How the system says that nobody is at the other end. */
const closed = new Set<string | undefined>(['EPIPE', 'ECONNRESET']);
