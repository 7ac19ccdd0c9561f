import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
import type { ByteReader } from './fast-socket.js';
import { copyOf } from './frame-decoder.js';
import { MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * The data socket carries raw bytes of streams and large bytes of values, with messages in between. A frame is a header of two unsigned 32-bit
 * little-endian numbers, followed by a body:
 *
 *     ┌────────────────────────┬────────┬───────────────┐
 *     │ id                     │ length │ body          │
 *     └────────────────────────┴────────┴───────────────┘
 *       4 bytes                  4 bytes  `length` bytes
 *
 * | id                | body                                                                    |
 * | ----------------- | ----------------------------------------------------------------------- |
 * | 0                 | a message, decoded once it is complete                                  |
 * | less than 2 ** 31 | bytes of the stream with this id, passed on in pieces as they arrive    |
 * | others            | large bytes of a value, read into memory of their own                   |
 *
 * Large bytes are read only when the message that they belong to has announced them. Until then nothing more is read.
 */

export const HEADER_BYTES = 8;
export const MESSAGE = 0;
/** Added to the ids of large bytes. */
export const LARGE = 2 ** 31;

/** A part of a frame's body. */
export interface Piece {
  streamId: number;
  /** For the receiver to keep. */
  bytes: Buffer;
  isFirst: boolean;
  isLast: boolean;
}

export interface LargeReceiver {
  /** Whether these large bytes were announced. @throws if they never will be, or are refused */
  expects(id: number, length: number): boolean;
  /** Takes large bytes, which are in memory of their own. */
  receive(id: number, bytes: Buffer): void;
  /** The other side has closed the socket, or ended. */
  end(): void;
}

/** Takes what a data socket brings. */
export interface DataReceiver {
  format: MessageFormat;
  onPiece(piece: Piece): void;
  onMessage(message: unknown): void;
  /** Takes large bytes of values. Absent if none travel here. */
  large?: LargeReceiver | undefined;
  /** Called when a frame is malformed, or its reader refuses it. Nothing more is read. */
  onViolation(error: unknown): void;
}

interface Frame {
  readonly id: number;
  /** Bytes of the body, and those that are missing. */
  readonly length: number;
  left: number;
}

export interface DataDecoderOptions extends DataReceiver {
  /** The other side has closed the socket. */
  onEnd(): void;
}

/** Reads the frames of a data socket, however their bytes are split. */
export class DataDecoder implements ByteReader {
  readonly #options: DataDecoderOptions;
  /** The bytes of a header, a message or large bytes that have not arrived completely. */
  readonly #partial = new ByteCollector();
  /** The frame whose body is arriving. `undefined` between frames. */
  #frame: Frame | undefined;
  #failed = false;
  /** Whether large bytes wait that were not announced yet. `#held` is what follows their header. */
  #isBlocked = false;
  readonly #held = new ByteCollector();
  #mayWait = true;

  constructor(options: DataDecoderOptions) {
    this.#options = options;
  }

  push(bytes: Buffer): void {
    // Only added: reading everything that is held again for each chunk would take quadratic time.
    this.#guard(() => (this.#isBlocked ? this.#held.add(bytes) : this.#read(bytes)));
  }

  /** The rest of large bytes is read directly behind what has arrived of them. */
  room(): Buffer | undefined {
    const frame = this.#frame;
    return frame && frame.id >= LARGE && !this.isBlocked && this.#partial.length > 0
      ? this.#partial.room(frame.length)
      : undefined;
  }

  filled(length: number): void {
    this.#guard(() => {
      this.#partial.filled(length);
      if (this.#frame) this.#takeLarge(this.#frame);
    });
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Large bytes were announced: if they are those that wait, reads them and what follows. */
  unblock(): void {
    if (!this.#isBlocked) return;
    this.#guard(() => {
      if (!this.#frame || !this.#mayRead(this.#frame)) return;
      this.#isBlocked = false;
      this.#read(this.#held.take());
    });
  }

  /** Nothing more will be announced: drops large bytes that were not, and everything behind them. */
  stopWaiting(): void {
    this.#mayWait = false;
    if (this.#isBlocked) this.#fail();
  }

  end(): void {
    this.#options.large?.end();
    this.#options.onEnd();
  }

  #guard(action: () => void): void {
    if (this.#failed) return;
    try {
      action();
    } catch (error) {
      this.#fail();
      this.#options.onViolation(error);
    }
  }

  #fail(): void {
    this.#failed = true;
    this.#isBlocked = false;
    this.#held.take();
    this.#partial.take();
  }

  #read(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (!this.#frame) rest = this.#readHeader(rest);
      if (this.#frame && !this.#mayRead(this.#frame)) {
        if (!this.#mayWait) return this.#fail();
        this.#isBlocked = true;
        return this.#held.add(rest, rest.length);
      }
      if (this.#frame && rest.length > 0) rest = this.#readBody(this.#frame, rest);
    }
  }

  #mayRead({ id, left, length }: Frame): boolean {
    return id < LARGE || left < length || this.#large.expects(id - LARGE, length);
  }

  #readHeader(bytes: Buffer): Buffer {
    const [header, rest] = this.#collect(bytes, HEADER_BYTES);
    if (!header) return rest;
    const id = header.readUInt32LE(0);
    const length = header.readUInt32LE(4);
    if (length > MAX_MESSAGE)
      throw new ProtocolError(`A frame of ${length} bytes arrived, but the limit is ${MAX_MESSAGE}.`);
    if (length > 0) this.#frame = { id, length, left: length };
    else if (id === MESSAGE) throw new ProtocolError('An empty message arrived.');
    else if (id >= LARGE) throw new ProtocolError('Large bytes arrived that are empty.');
    else this.#options.onPiece({ streamId: id, bytes: Buffer.alloc(0), isFirst: true, isLast: true });
    return rest;
  }

  #readBody(frame: Frame, bytes: Buffer): Buffer {
    if (frame.id >= LARGE) return this.#readLarge(frame, bytes);
    if (frame.id === MESSAGE) {
      const [body, rest] = this.#collect(bytes, frame.left);
      if (body) {
        this.#frame = undefined;
        this.#options.onMessage(this.#decode(body));
      }
      return rest;
    }
    const part = bytes.subarray(0, frame.left);
    const isFirst = frame.left === frame.length;
    frame.left -= part.length;
    const { id: streamId } = frame;
    const isLast = frame.left === 0;
    if (isLast) this.#frame = undefined;
    this.#options.onPiece({ streamId, bytes: copyOf(part), isFirst, isLast });
    return bytes.subarray(part.length);
  }

  #readLarge(frame: Frame, bytes: Buffer): Buffer {
    const part = bytes.subarray(0, frame.length - this.#partial.length);
    this.#partial.add(part, frame.length);
    this.#takeLarge(frame);
    return bytes.subarray(part.length);
  }

  #takeLarge(frame: Frame): void {
    frame.left = frame.length - this.#partial.length;
    if (frame.left > 0) return;
    this.#frame = undefined;
    this.#large.receive(frame.id - LARGE, this.#partial.take());
  }

  get #large(): LargeReceiver {
    const { large } = this.#options;
    if (!large) throw new ProtocolError('Large bytes of a value arrived where none are accepted.');
    return large;
  }

  #decode(body: Buffer): unknown {
    const { format } = this.#options;
    try {
      return format.decode(format.keepsMemory ? copyOf(body) : body);
    } catch (cause) {
      throw new ProtocolError('A frame arrived that should hold a message, but its body cannot be read as one.', {
        cause,
      });
    }
  }

  /** Collects `size` bytes. Returns them once they are complete, and the rest. */
  #collect(bytes: Buffer, size: number): [Buffer | undefined, Buffer] {
    const missing = size - this.#partial.length;
    const part = bytes.subarray(0, missing);
    const rest = bytes.subarray(part.length);
    if (part.length === size) return [part, rest];
    this.#partial.add(part, size);
    return [part.length === missing ? this.#partial.take() : undefined, rest];
  }
}
