import { types } from 'node:util';
import { ProtocolError, SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { TransferHandler } from './transfer-handlers.js';

interface WireFloat16 {
  buffer: ArrayBuffer;
  byteOffset: number;
  length: number;
}

type Float16ArrayConstructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** Available in Node 24 and newer. */
const { Float16Array } = globalThis as { Float16Array?: Float16ArrayConstructor };

/**
 * Carries a `Float16Array` as its buffer: reading one in V8's own format would crash an older Node. There, reading the value
 * that contains it throws.
 */
export function float16Handler(): TransferHandler<ArrayBufferView> {
  return {
    name: 'float16-array',
    canHandle: (value): value is ArrayBufferView => Float16Array !== undefined && value instanceof Float16Array,
    encode(view, context) {
      const { buffer, byteOffset, length } = view as unknown as WireFloat16;
      return { buffer: context.encode(buffer, 'buffer'), byteOffset, length };
    },
    decode(wire, context) {
      const { byteOffset, length } = check(wire);
      const buffer = context.decode((wire as WireFloat16).buffer) as ArrayBuffer;
      if (Float16Array) return new Float16Array(buffer, byteOffset, length);
      throw new SerializationError(
        `A Float16Array arrived, but Node ${process.version} has no such class. Send a Float32Array: Float32Array.from(values).`,
        'Float16Array',
      );
    },
  };
}

function check(wire: Wire): WireFloat16 {
  const { buffer, byteOffset, length } = (wire ?? {}) as Partial<WireFloat16>;
  const sound =
    types.isArrayBuffer(buffer) &&
    isIndex(byteOffset) &&
    isIndex(length) &&
    byteOffset % 2 === 0 &&
    byteOffset + 2 * length <= buffer.byteLength;
  if (!sound) throw new ProtocolError('A Float16Array arrived malformed.');
  return wire as WireFloat16;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
