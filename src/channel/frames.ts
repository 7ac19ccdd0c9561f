import { deserialize, serialize } from 'node:v8';
import type { SerializationMode } from '../types/serializable.js';

/**
 * Messages on a stream of bytes: each is its length, an unsigned 32-bit little-endian number, and so many bytes of UTF-8 JSON, or
 * in advanced mode of what `v8.serialize` writes.
 */
export interface Framing {
  /** @throws when the message cannot be written */
  encode(message: object): Buffer;
  /** @throws when the bytes are no message */
  decode(body: Buffer): unknown;
}

export const HEADER_BYTES = 4;
/** The longest message, in bytes. */
export const MAX_FRAME = 2 ** 31 - 1;

const writers: Record<SerializationMode, (message: object) => Buffer> = {
  json: (message) => Buffer.from(JSON.stringify(message)),
  advanced: serialize,
};

const readers: Record<SerializationMode, (body: Buffer) => unknown> = {
  json: (body) => JSON.parse(body.toString()) as unknown,
  advanced: deserialize,
};

export function createFraming(mode: SerializationMode): Framing {
  return {
    encode(message) {
      const body = writers[mode](message);
      if (body.length > MAX_FRAME)
        throw new RangeError(`The message has ${body.length} bytes, and ${MAX_FRAME} are allowed`);
      const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
      frame.writeUInt32LE(body.length);
      frame.set(body, HEADER_BYTES);
      return frame;
    },
    decode: readers[mode],
  };
}
