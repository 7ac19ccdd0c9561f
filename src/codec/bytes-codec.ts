import { types } from 'node:util';
import { ProtocolError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { TransferHandler } from './transfer-handlers.js';

type AnyBytes = Uint8Array | ArrayBuffer;

/** Marks bytes that may cross in JSON mode. Only streams mark bytes: elsewhere, JSON mode refuses them. */
class Bytes {
  constructor(readonly value: AnyBytes) {}
}

/** Marks an item, value or result of a stream if it is bytes, for a mode that has no form for bytes. */
export function markBytes(value: unknown): unknown {
  return types.isUint8Array(value) || types.isArrayBuffer(value) ? new Bytes(value) : value;
}

const kinds = ['Buffer', 'Uint8Array', 'ArrayBuffer'] as const;
type Kind = (typeof kinds)[number];

/** Carries marked bytes as base64: `{ kind, base64 }`. */
export const bytesHandler: TransferHandler<Bytes> = {
  name: 'bytes',
  canHandle: (value) => value instanceof Bytes,
  encode: ({ value }) => ({ kind: kindOf(value), base64: bufferOf(value).toString('base64') }),
  decode(wire) {
    const { kind, base64 } = check(wire);
    const bytes = Buffer.from(base64, 'base64');
    if (kind === 'Buffer') return bytes;
    // A copy, since a small Buffer is part of a pool that Node shares between many.
    const copy = new Uint8Array(bytes);
    return kind === 'Uint8Array' ? copy : copy.buffer;
  },
};

function kindOf(value: AnyBytes): Kind {
  if (Buffer.isBuffer(value)) return 'Buffer';
  return types.isUint8Array(value) ? 'Uint8Array' : 'ArrayBuffer';
}

function bufferOf(value: AnyBytes): Buffer {
  return types.isUint8Array(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
}

function check(wire: Wire): { kind: Kind; base64: string } {
  const { kind, base64 } = (wire ?? {}) as { kind?: unknown; base64?: unknown };
  if (!kinds.includes(kind as Kind) || typeof base64 !== 'string') throw new ProtocolError('Bytes arrived malformed.');
  return { kind: kind as Kind, base64 };
}
