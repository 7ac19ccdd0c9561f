import { DefaultSerializer, deserialize, serialize } from 'node:v8';
import type { SerializationMode } from '../types/serializable.js';
import { stringify } from '../plain-json.js';
import { checkClaims } from './v8-claims.js';

/** How a message is written as bytes: as JSON in UTF-8, or in advanced mode with `v8.serialize`. */
export interface MessageFormat {
  /** @throws if the message cannot be written */
  encode(message: object): Buffer;
  /** @throws if the bytes are not a message */
  decode(bytes: Buffer): unknown;
  /** Whether decoded values may contain views of the bytes, which then must not change. */
  readonly keepsMemory: boolean;
}

const formats: Record<SerializationMode, MessageFormat> = {
  json: {
    encode: (message) => Buffer.from(stringify(message)),
    decode: (bytes) => JSON.parse(bytes.toString()) as unknown,
    keepsMemory: false,
  },
  advanced: {
    encode: (message) => checked(serialize(message)),
    decode(bytes) {
      checkClaims(bytes);
      return deserialize(bytes) as unknown;
    },
    keepsMemory: true,
  },
};

export function messageFormat(mode: SerializationMode): MessageFormat {
  return formats[mode];
}

export const HEADER_BYTES = 4;
/** The longest message, in bytes. */
export const MAX_MESSAGE = 2 ** 31 - 1;

/**
 * Makes the frame of a message: its length as an unsigned 32-bit little-endian number, followed by its bytes.
 * @throws {RangeError} if it is too long
 */
export function frame(body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + checkLength(body.length));
  bytes.writeUInt32LE(body.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

const blankHeader = Buffer.alloc(HEADER_BYTES);

/**
 * Makes the frame of a message in V8's format. Writes it in place, to avoid copying a large message again.
 * @throws {RangeError} if it is too long, or its arrays with holes are
 * @throws {Error} for values that cannot be cloned
 */
export function v8Frame(message: unknown): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(blankHeader);
  serializer.writeHeader();
  serializer.writeValue(message);
  const bytes = serializer.releaseBuffer();
  checkClaims(bytes.subarray(HEADER_BYTES));
  bytes.writeUInt32LE(checkLength(bytes.length - HEADER_BYTES));
  return bytes;
}

/** The reader would take these bytes for an attack. */
function checked(bytes: Buffer): Buffer {
  checkClaims(bytes);
  return bytes;
}

function checkLength(length: number): number {
  if (length > MAX_MESSAGE) throw new RangeError(`The message has ${length} bytes, but the limit is ${MAX_MESSAGE}`);
  return length;
}
