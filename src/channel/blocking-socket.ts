import { readSync, writeSync } from 'node:fs';
import { frame, HEADER_BYTES, type MessageFormat } from './frames.js';

/**
 * A socket on which a process sends a message and blocks until the answer arrives. The descriptor must be in blocking mode, like
 * the child's end of an extra `'pipe'` of `child_process.fork`.
 */
export class BlockingSocket {
  readonly #descriptor: number;
  readonly #format: MessageFormat;
  /** Most answers fit into this buffer. There is only one at a time. */
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  constructor(descriptor: number, format: MessageFormat) {
    this.#descriptor = descriptor;
    this.#format = format;
  }

  /** Drops the message if the other side has closed the socket. @throws if the message cannot be written */
  write(message: object): void {
    const bytes = frame(this.#format.encode(message));
    this.#whileOpen(() => {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
    });
  }

  /** Waits for the next message. Returns `undefined` if the other side has closed the socket. */
  read(): unknown {
    const body = this.#whileOpen(() => this.#readBody());
    return body && this.#format.decode(body);
  }

  #whileOpen<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (closed.has((error as NodeJS.ErrnoException).code)) return undefined;
      throw error;
    }
  }

  #readBody(): Buffer | undefined {
    const read = this.#fill(this.#buffer, 0, HEADER_BYTES);
    if (read < HEADER_BYTES) return undefined;
    const size = this.#buffer.readUInt32LE();
    const end = HEADER_BYTES + size;
    if (!this.#format.keepsMemory && end <= this.#buffer.length)
      return this.#fill(this.#buffer, read, end) < end ? undefined : this.#buffer.subarray(HEADER_BYTES, end);
    const body = Buffer.allocUnsafeSlow(size);
    const start = this.#buffer.copy(body, 0, HEADER_BYTES, read);
    return this.#fill(body, start, size) < size ? undefined : body;
  }

  /** Reads until `buffer` has at least `needed` bytes. Returns how many it has: fewer if the socket has ended. */
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

/** The error codes of a socket whose other end is closed. */
const closed = new Set<string | undefined>(['EPIPE', 'ECONNRESET']);
