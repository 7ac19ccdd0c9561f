import type { Socket } from 'node:net';
import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
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

const HEADER_BYTES = 8;
const MESSAGE = 0;

/** A part of a frame's body. */
export interface Piece {
  streamId: number;
  bytes: Buffer;
  isFirst: boolean;
  isLast: boolean;
}

export interface DataSocketOptions {
  format: MessageFormat;
  onPiece(piece: Piece): void;
  onMessage(message: unknown): void;
  /** Called when a frame is malformed, or its reader refuses it. Nothing more is read. */
  onViolation(error: unknown): void;
}

export class DataSocket {
  readonly #socket: Socket;
  readonly #options: DataSocketOptions;
  /** The bytes of a header or a message that has not arrived completely. */
  readonly #partial = new ByteCollector();
  /** The frame whose body is arriving. `undefined` between frames. */
  #frame: { streamId: number; left: number; isFirst: boolean } | undefined;

  constructor(socket: Socket, options: DataSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    // Ignored: if it matters, the other process ends or the channel closes too.
    socket.on('error', () => {});
  }

  /** @param written called when the bytes may be changed again */
  sendBytes(streamId: number, chunks: readonly Uint8Array[], written?: () => void): void {
    if (!this.#socket.writable) return;
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#socket.cork();
    this.#socket.write(headerOf(streamId, length), chunks.length === 0 ? written : undefined);
    for (const [index, chunk] of chunks.entries()) {
      this.#socket.write(chunk, index === chunks.length - 1 ? written : undefined);
    }
    this.#socket.uncork();
  }

  /** @throws if the message cannot be written */
  sendMessage(message: object): void {
    this.sendBytes(MESSAGE, [this.#options.format.encode(message)]);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      let rest = chunk;
      while (rest.length > 0) rest = this.#frame ? this.#readBody(this.#frame, rest) : this.#readHeader(rest);
    } catch (error) {
      this.#socket.destroy();
      this.#options.onViolation(error);
    }
  }

  #readHeader(chunk: Buffer): Buffer {
    const [header, rest] = this.#collect(chunk, HEADER_BYTES);
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

  #readBody(frame: { streamId: number; left: number; isFirst: boolean }, chunk: Buffer): Buffer {
    if (frame.streamId === MESSAGE) {
      const [body, rest] = this.#collect(chunk, frame.left);
      if (body) {
        this.#frame = undefined;
        this.#options.onMessage(this.#decode(body));
      }
      return rest;
    }
    const bytes = chunk.length > frame.left ? chunk.subarray(0, frame.left) : chunk;
    frame.left -= bytes.length;
    const { streamId, isFirst } = frame;
    const isLast = frame.left === 0;
    frame.isFirst = false;
    if (isLast) this.#frame = undefined;
    this.#options.onPiece({ streamId, bytes, isFirst, isLast });
    return chunk.subarray(bytes.length);
  }

  #decode(body: Buffer): unknown {
    try {
      return this.#options.format.decode(body);
    } catch (cause) {
      throw new ProtocolError('A frame arrived that should hold a message, but its body cannot be read as one.', {
        cause,
      });
    }
  }

  /** Collects `size` bytes. Returns them once they are complete, and the rest of the chunk. */
  #collect(chunk: Buffer, size: number): [Buffer | undefined, Buffer] {
    const missing = size - this.#partial.length;
    const part = chunk.subarray(0, missing);
    const rest = chunk.subarray(part.length);
    if (part.length === size) return [part, rest];
    this.#partial.add(part, size);
    return [part.length === missing ? this.#partial.take() : undefined, rest];
  }
}

function headerOf(streamId: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  bytes.writeUInt32LE(streamId, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}
