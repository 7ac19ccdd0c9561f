import { types } from 'node:util';
import { isId } from '../field-checks.js';
import { ProtocolError } from '../errors.js';
import type { TransferHandler } from './transfer-handlers.js';

/** From this length on, bytes travel beside the message. Below it, waking the other side twice costs more than the copies. */
export const LARGE_BYTES = 1024 * 1024;
/** Longer ones are refused with the message that they would be part of. */
const MAX_LENGTH = 2 ** 31 - 1;

/** Sends large bytes beside the message that is being encoded, and knows them by ids. */
export interface LargeBytesExchange {
  /** Whether `length` more bytes may travel beside the message that is being encoded. */
  takes(length: number): boolean;
  /** Adds bytes to the message that is being encoded. Returns their id. */
  export(bytes: Uint8Array): number;
  /** Returns the ids of the message, as its field `coded` lists them. */
  takeExported(): string[];
  /** Takes back what was exported since the last message, because encoding failed. */
  discard(): void;
  /** Returns bytes in memory of their own. @throws {ProtocolError} if they have not arrived */
  import(id: number): Buffer;
}

type Bytes = ArrayBufferView | ArrayBuffer;

/** Carries the bytes of a large Buffer, typed array or ArrayBuffer beside the message: `{ id, kind }`. */
export function largeBytesHandler(exchange: LargeBytesExchange): TransferHandler<Bytes> {
  return {
    name: 'large-bytes',
    canHandle: (value): value is Bytes =>
      isLarge(value) && kindOf(value) !== undefined && exchange.takes(value.byteLength),
    encode: (value) => ({ id: exchange.export(bytesOf(value)), kind: kindOf(value) }),
    decode(wire) {
      const { id, kind } = (wire ?? {}) as { id?: unknown; kind?: unknown };
      const make = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
      if (!isId(id) || !make) throw new ProtocolError('Large bytes arrived malformed.');
      try {
        return make(exchange.import(id));
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new ProtocolError(`The large bytes that arrived do not form a ${String(kind)}.`, { cause });
      }
    },
  };
}

/** The field `coded` of a message lists the ids of large bytes with this letter, which no id of a function begins with. */
const PREFIX = 'm';

export const largeBytesId = (id: number): string => `${PREFIX}${id}`;

/** Returns the number of an id in `coded`, or `undefined` if it is the id of something else. */
export function largeBytesNumber(id: unknown): number | undefined {
  if (typeof id !== 'string' || !id.startsWith(PREFIX)) return undefined;
  const number = Number(id.slice(PREFIX.length));
  return isId(number) ? number : undefined;
}

type ViewConstructor = new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView;

const view =
  (View: ViewConstructor, bytesPerElement: number) =>
  ({ buffer, byteOffset, length }: Buffer): Bytes =>
    new View(buffer, byteOffset, length / bytesPerElement);

/** Makes a value of each kind from its bytes. */
const kinds: Record<string, (bytes: Buffer) => Bytes> = {
  Buffer: (bytes) => bytes,
  ArrayBuffer: ({ buffer }) => buffer as ArrayBuffer,
  DataView: view(DataView, 1),
  Int8Array: view(Int8Array, 1),
  Uint8Array: view(Uint8Array, 1),
  Uint8ClampedArray: view(Uint8ClampedArray, 1),
  Int16Array: view(Int16Array, 2),
  Uint16Array: view(Uint16Array, 2),
  Int32Array: view(Int32Array, 4),
  Uint32Array: view(Uint32Array, 4),
  Float32Array: view(Float32Array, 4),
  Float64Array: view(Float64Array, 8),
  BigInt64Array: view(BigInt64Array, 8),
  BigUint64Array: view(BigUint64Array, 8),
};

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string | undefined;

/** The kind under which V8 would write it. `undefined` for one that V8 must write itself. */
function kindOf(value: Bytes): string | undefined {
  if (types.isArrayBuffer(value)) return (value as { resizable?: boolean }).resizable ? undefined : 'ArrayBuffer';
  if (types.isDataView(value)) return 'DataView';
  if (value.constructor === Buffer) return 'Buffer';
  const tag = tagOf.call(value) ?? '';
  return Object.hasOwn(kinds, tag) ? tag : undefined;
}

function isLarge(value: object): value is Bytes {
  if (!ArrayBuffer.isView(value) && !types.isArrayBuffer(value)) return false;
  // Reading the length of a detached DataView throws. The walk refuses it.
  if (types.isDataView(value) && value.buffer.byteLength === 0) return false;
  return value.byteLength >= LARGE_BYTES && value.byteLength <= MAX_LENGTH;
}

function bytesOf(value: Bytes): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}
