import { describe, expect, test } from 'vitest';
import { bytesHandler, markBytes } from '../../src/codec/bytes-codec.js';
import type { DecodeContext, EncodeContext } from '../../src/codec/transfer-handlers.js';
import { ProtocolError } from '../../src/errors.js';
import { codecOf, cross, refusalOf } from '../support/crossing.js';

const bytes = [0, 255, 128, 1];

describe('marked bytes cross in JSON mode as they are', () => {
  test.each<[string, Uint8Array | ArrayBuffer, type: unknown]>([
    ['a Buffer', Buffer.from(bytes), Buffer],
    ['a Uint8Array', new Uint8Array(bytes), Uint8Array],
    ['an ArrayBuffer', new Uint8Array(bytes).buffer, ArrayBuffer],
    ['a part of a larger buffer', new Uint8Array([9, ...bytes, 9]).subarray(1, 5), Uint8Array],
    ['no bytes at all', new Uint8Array(0), Uint8Array],
  ])('%s', (_name, value, type) => {
    const arrived = cross('json', markBytes(value)) as Uint8Array | ArrayBuffer;
    expect(Object.getPrototypeOf(arrived)).toBe((type as { prototype: unknown }).prototype);
    expect([...new Uint8Array(arrived)]).toEqual([...new Uint8Array(value)]);
  });

  test('in memory of their own, and not in what Node shares among small buffers', () => {
    const arrived = cross('json', markBytes(new Uint8Array(bytes))) as Uint8Array;
    expect(arrived.buffer.byteLength).toBe(bytes.length);
  });
});

test('other values are not marked, and bytes that are not marked are refused in JSON mode', () => {
  for (const value of ['text', 5, null, { a: 1 }, new Uint16Array(1), new DataView(new ArrayBuffer(1))]) {
    expect(markBytes(value)).toBe(value);
  }
  expect(refusalOf(codecOf('json'), new Uint8Array(1))).toMatchObject({ name: 'SerializationError' });
});

test.each([
  undefined,
  null,
  'AA==',
  {},
  { kind: 'Buffer' },
  { kind: 'Float64Array', base64: '' },
  { kind: 'Buffer', base64: 5 },
])('malformed bytes break the protocol: %j', (wire) => {
  expect(() => bytesHandler.decode(wire as never, {} as DecodeContext)).toThrow(ProtocolError);
});

test('they are written as base64, which any language reads', () => {
  const marked = markBytes(Buffer.from(bytes)) as never;
  expect(bytesHandler.encode(marked, {} as EncodeContext)).toEqual({ kind: 'Buffer', base64: 'AP+AAQ==' });
});
