import type { Socket } from 'node:net';
import { DataDecoder, HEADER_BYTES, LARGE, MESSAGE, type DataReceiver } from './data-decoder.js';
import { FastSocket } from './fast-socket.js';

/** Sends large bytes of values, and reads them. */
export type LargeBytesLane = Pick<DataSocket, 'isWritable' | 'sendLarge' | 'announced' | 'stopWaiting'>;

/** Sends and receives bytes of streams on a socket of their own, and messages in between. */
export class DataSocket {
  readonly #socket: FastSocket;
  readonly #decoder: DataDecoder;
  /** Resolves when the other side has closed the socket, and everything that it sent was read. */
  readonly ended: Promise<void>;
  readonly #options: DataReceiver;

  /** Call it in the turn of the event loop in which the socket was opened. */
  constructor(socket: Socket, options: DataReceiver) {
    this.#options = options;
    const onViolation = (error: unknown): void => {
      this.#socket.destroy();
      options.onViolation(error);
    };
    let end = (): void => {};
    this.ended = new Promise((resolve) => (end = resolve));
    this.#decoder = new DataDecoder({ ...options, onViolation, onEnd: () => end() });
    this.#socket = new FastSocket(socket, this.#decoder);
  }

  get isWritable(): boolean {
    return this.#socket.isWritable;
  }

  /** @param written called when the bytes may be changed again */
  sendBytes(streamId: number, chunks: readonly Uint8Array[], written?: () => void): void {
    if (!this.#socket.isWritable) return;
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#socket.together(() => {
      this.#socket.write(headerOf(streamId, length), chunks.length === 0 ? written : undefined);
      for (const [index, chunk] of chunks.entries()) {
        this.#socket.write(chunk, index === chunks.length - 1 ? written : undefined);
      }
    });
  }

  /** Sends large bytes of a value. They may change as soon as it returns. */
  sendLarge(id: number, bytes: Uint8Array): void {
    if (this.#socket.isWritable) this.#socket.writeSnapshot(headerOf(LARGE + id, bytes.byteLength), bytes);
  }

  /** Call it when large bytes were announced. */
  announced(): void {
    if (!this.#decoder.isBlocked) return;
    this.#decoder.unblock();
    if (!this.#decoder.isBlocked) this.#socket.goOn();
  }

  /** Call it when nothing more can be announced, so that the end of the socket is seen. See {@link DataDecoder.stopWaiting}. */
  stopWaiting(): void {
    const wasBlocked = this.#decoder.isBlocked;
    this.#decoder.stopWaiting();
    if (wasBlocked) this.#socket.goOn();
  }

  /** @throws if the message cannot be written */
  sendMessage(message: object): void {
    this.sendBytes(MESSAGE, [this.#options.format.encode(message)]);
  }

  close(): void {
    this.#socket.destroy();
  }
}

export function headerOf(streamId: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  bytes.writeUInt32LE(streamId, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}
