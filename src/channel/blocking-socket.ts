import { readSync, writeSync } from 'node:fs';
import { frame, HEADER_BYTES, type MessageFormat } from './frames.js';

/**
 * A socket on which a process sends a message and waits for the answer without turning its event loop. The descriptor must be a
 * blocking one, as the child's end of an extra `'pipe'` of `child_process.fork` is.
 */
export class BlockingSocket {
  readonly #descriptor: number;
  readonly #format: MessageFormat;

  constructor(descriptor: number, format: MessageFormat) {
    this.#descriptor = descriptor;
    this.#format = format;
  }

  /** @returns the answer, or `undefined` when the other side has closed the socket */
  request(message: object): unknown {
    const bytes = frame(this.#format.encode(message));
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
      const header = this.#read(HEADER_BYTES);
      const body = header && this.#read(header.readUInt32LE());
      return body && this.#format.decode(body);
    } catch (error) {
      if (closed.has((error as NodeJS.ErrnoException).code)) return undefined;
      throw error;
    }
  }

  #read(size: number): Buffer | undefined {
    const buffer = Buffer.allocUnsafeSlow(size);
    for (let read = 0; read < size;) {
      const count = readSync(this.#descriptor, buffer, read, size - read, null);
      if (count === 0) return undefined;
      read += count;
    }
    return buffer;
  }
}

/** How the system says that nobody is at the other end. */
const closed = new Set<string | undefined>(['EPIPE', 'ECONNRESET']);
