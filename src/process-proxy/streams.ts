import { Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { clearTimeout, setTimeout } from '../clock.js';
import type { CommandError } from '../process-proxy-errors.js';
import { STDIN_CHUNK } from './protocol.js';

/** The most bytes that one command writes. Smaller writes let other commands run in between. */
const WRITE_CHUNK = 1024 * 1024;

/** The source of a {@link StdinStream}. */
export interface InputSource {
  /** Asks for up to `limit` bytes. The source calls `StdinStream.receive()` as soon as there is input. */
  request(limit: number): void;
  closeInput(): Promise<unknown>;
}

/**
 * The standard input of the executable. Input is consumed only while you read this stream, so the rest remains for the next
 * program. Destroying this stream closes the executable's stdin.
 *
 * @example
 * ```ts
 * async function read(input: StdinStream): Promise<string> {
 *   let text = '';
 *   for await (const chunk of input) text += String(chunk);
 *   return text;
 * }
 * ```
 */
export class StdinStream extends Readable {
  /** How long to wait before polling again, in ms. Only executables without sessions are polled. */
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
   * Takes the answer to a request: bytes, `null` at the end, or the error of the read.
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
    // The executable's stdin may be closed already, so its error does not matter.
    callbackify(() => this.#source.closeInput())(() => done(error));
  }
}

/** The target of an {@link OutputStream}. */
export interface OutputTarget {
  write(data: Buffer): Promise<unknown>;
  closeOutput(): Promise<unknown>;
}

/**
 * The standard output or error of the executable. A write is done when the executable has written the bytes. So `write()` returns
 * `false` while the reader of the executable's output does not keep up. Ending this stream closes the executable's stream.
 *
 * @example
 * ```ts
 * async function page(output: OutputStream, lines: AsyncIterable<string>): Promise<void> {
 *   for await (const line of lines) {
 *     if (!output.write(line)) await once(output, 'drain');
 *   }
 *   await output.close();
 * }
 * ```
 */
export class OutputStream extends Writable {
  readonly #target: OutputTarget;

  /** @internal */
  constructor(target: OutputTarget) {
    super();
    this.#target = target;
  }

  /** Closes the executable's stream after everything is written. Resolves when this stream is closed. */
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
    if (data.length === 0) return;
    // One command at a time: each waits for the answer to the one before.
    await this.#target.write(data.subarray(0, WRITE_CHUNK));
    await this.#write(data.subarray(WRITE_CHUNK));
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
