import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
import type { ByteReader } from './fast-socket.js';
import { copyOf } from './frame-decoder.js';
import { MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * The data socket carries raw bytes of streams, with messages in between. A frame is a header of two unsigned 32-bit
 * little-endian numbers, followed by a body:
 *
 *     ┌────────────────────────┬────────┬───────────────┐
 *     │ stream id; 0: message  │ length │ body          │
 *     └────────────────────────┴────────┴───────────────┘
 *       4 bytes                  4 bytes  `length` bytes
 *
 * The body of a message is decoded once it is complete. Bytes of a stream are passed on in pieces as they arrive.
 */

export const HEADER_BYTES = 8;
export const MESSAGE = 0;

/** A part of a frame's body. */
export interface Piece {
  streamId: number;
  /** For the receiver to keep. */
  bytes: Buffer;
  isFirst: boolean;
  isLast: boolean;
}

/** Takes what a data socket brings. */
export interface DataReceiver {
  format: MessageFormat;
  onPiece(piece: Piece): void;
  onMessage(message: unknown): void;
  /** Called when a frame is malformed, or its reader refuses it. Nothing more is read. */
  onViolation(error: unknown): void;
}

/** Reads the frames of a data socket, however their bytes are split. */
export class DataDecoder implements ByteReader {
  readonly #options: DataReceiver;
  /** The bytes of a header or a message that has not arrived completely. */
  readonly #partial = new ByteCollector();
  /** The frame whose body is arriving. `undefined` between frames. */
  #frame: { streamId: number; left: number; isFirst: boolean } | undefined;
  #failed = false;

  constructor(options: DataReceiver) {
    this.#options = options;
  }

  push(bytes: Buffer): void {
    if (this.#failed) return;
    try {
      let rest = bytes;
      while (rest.length > 0) rest = this.#frame ? this.#readBody(this.#frame, rest) : this.#readHeader(rest);
    } catch (error) {
      this.#failed = true;
      this.#partial.take();
      this.#options.onViolation(error);
    }
  }

  /** Nothing follows: if it matters, the other process ends or the channel closes too. */
  end(): void {}

  #readHeader(bytes: Buffer): Buffer {
    const [header, rest] = this.#collect(bytes, HEADER_BYTES);
    if (!header) return rest;
    const streamId = header.readUInt32LE(0);
    const length = header.readUInt32LE(4);
    if (length > MAX_MESSAGE)
      throw new ProtocolError(`A frame of ${length} bytes arrived, but the limit is ${MAX_MESSAGE}.`);
    if (length > 0) this.#frame = { streamId, left: length, isFirst: true };
    else if (streamId === MESSAGE) throw new ProtocolError('An empty message arrived.');
    else this.#options.onPiece({ streamId, bytes: Buffer.alloc(0), isFirst: true, isLast: true });
    return rest;
  }

  #readBody(frame: { streamId: number; left: number; isFirst: boolean }, bytes: Buffer): Buffer {
    if (frame.streamId === MESSAGE) {
      const [body, rest] = this.#collect(bytes, frame.left);
      if (body) {
        this.#frame = undefined;
        this.#options.onMessage(this.#decode(body));
      }
      return rest;
    }
    const part = bytes.subarray(0, frame.left);
    frame.left -= part.length;
    const { streamId, isFirst } = frame;
    const isLast = frame.left === 0;
    frame.isFirst = false;
    if (isLast) this.#frame = undefined;
    this.#options.onPiece({ streamId, bytes: copyOf(part), isFirst, isLast });
    return bytes.subarray(part.length);
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
