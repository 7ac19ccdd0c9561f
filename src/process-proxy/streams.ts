import { Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { clearTimeout, setTimeout } from '../clock.js';
import type { CommandError } from '../errors.js';
import { STDIN_CHUNK } from './protocol.js';

/** The most that one command writes: other commands need not wait for long behind it. */
const WRITE_CHUNK = 1024 * 1024;

/** Where the input comes from. */
export interface InputSource {
  /** Answers by `StdinStream.receive()`, whenever there is input. */
  request(most: number): void;
  closeInput(): Promise<unknown>;
}

/**
 * The standard input of the executable. It is read only while somebody reads this stream, so what the executable's next
 * program should read is left alone. Destroying it closes the executable's stdin.
 */
export class StdinStream extends Readable {
  /** How long to wait before asking again an executable that cannot tell by itself that there is input, in ms. */
  pollingInterval: number;
  readonly #source: InputSource;
  #requested = false;
  #timer: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(source: InputSource, pollingInterval: number) {
    super();
    this.#source = source;
    this.pollingInterval = pollingInterval;
  }

  /** Closes the executable's stdin. Resolves when this stream is closed. */
  close(): Promise<void> {
    return closed(this, () => this.destroy());
  }

  /**
   * An answer to a request: bytes, `null` at the end, or why there are none.
   * @internal
   */
  receive(input: Buffer | null | CommandError): void {
    this.#requested = false;
    if (this.destroyed) return;
    if (input === null || Buffer.isBuffer(input)) {
      if (input?.length !== 0) this.push(input);
      else this.#timer = setTimeout(() => this._read(), this.pollingInterval);
    } else this.destroy(input);
  }

  override _read(): void {
    if (this.#requested || this.destroyed) return;
    this.#requested = true;
    this.#source.request(STDIN_CHUNK);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    // It may have been closed all along.
    callbackify(() => this.#source.closeInput())(() => done(error));
  }
}

/** Where the output goes. */
export interface OutputTarget {
  write(data: Buffer): Promise<unknown>;
  closeOutput(): Promise<unknown>;
}

/**
 * The standard output or error of the executable. A write is done when the executable has written it, so `write()` returns
 * `false` as long as whoever reads the executable's output does not keep up. Ending it closes the executable's stream.
 */
export class OutputStream extends Writable {
  readonly #target: OutputTarget;

  /** @internal */
  constructor(target: OutputTarget) {
    super();
    this.#target = target;
  }

  /** Closes the executable's stream behind what was written. Resolves when this stream is closed. */
  close(): Promise<void> {
    return closed(this, () => this.end());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    callbackify(() => this.#write(chunk))(done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const data = Buffer.concat(chunks.map(({ chunk }) => chunk));
    callbackify(() => this.#write(data))(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    callbackify(() => this.#target.closeOutput())((reason) => done(error ?? reason));
  }

  async #write(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length; at += WRITE_CHUNK) {
      // The commands of this stream follow one another.
      // oxlint-disable-next-line no-await-in-loop
      await this.#target.write(data.subarray(at, at + WRITE_CHUNK));
    }
  }
}

function closed(stream: Readable | Writable, close: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else {
      stream.once('close', resolve);
      close();
    }
  });
}
