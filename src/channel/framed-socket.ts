import type { Socket } from 'node:net';
import { ProtocolError } from '../errors.js';
import type { Channel } from './channel.js';
import { frame, HEADER_BYTES, MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * Messages in frames on a socket.
 * @param onGarbage the other side wrote what is no message; nothing more is read
 */
export function framedSocket(
  socket: Socket,
  format: MessageFormat,
  onGarbage: (error: ProtocolError) => void,
): Channel {
  const reader = new FrameReader();
  let onMessage: (message: unknown) => void = () => {};
  let onClose: () => void = () => {};
  let open = true;

  socket.on('data', (chunk: Buffer) => {
    try {
      for (const body of reader.read(chunk)) if (open) onMessage(format.decode(body));
    } catch (cause) {
      open = false;
      socket.destroy();
      onGarbage(new ProtocolError('Bytes arrived that are no message.', { cause }));
    }
  });
  // What it means is seen at the close.
  socket.on('error', () => {});
  socket.once('close', () => onClose());

  return {
    send(message) {
      if (socket.writable) socket.write(frame(format.encode(message)));
    },
    onMessage(listener) {
      onMessage = listener;
    },
    onClose(listener) {
      onClose = listener;
    },
    close() {
      open = false;
      socket.destroy();
    },
  };
}

/** Puts frames together, however they were cut. No more memory is taken than bytes have arrived. */
class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The bodies that are complete now. @throws {RangeError} for a length that none has */
  *read(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      if (this.#bytes < HEADER_BYTES + length) return;
      yield this.#take(HEADER_BYTES + length).subarray(HEADER_BYTES);
    }
  }

  #nextLength(): number | undefined {
    if (this.#bytes < HEADER_BYTES) return undefined;
    const first = this.#chunks[0] as Buffer;
    // Cut within the header: put together what there is.
    if (first.length < HEADER_BYTES) this.#chunks = [Buffer.concat(this.#chunks)];
    const length = (this.#chunks[0] as Buffer).readUInt32LE();
    if (length > MAX_MESSAGE) throw new RangeError(`A message of ${length} bytes is too long`);
    return length;
  }

  #take(size: number): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    const rest = all.subarray(size);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    return all.subarray(0, size);
  }
}
