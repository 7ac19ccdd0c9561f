import { describe, expect, test } from 'vitest';
import { bytesHandler, markBytes } from '../../src/codec/bytes-codec.js';
import { createCodec } from '../../src/codec/create-codec.js';
import { ProtocolError } from '../../src/errors.js';

const codec = createCodec({ mode: 'json', self: { current: undefined } });
const memory = new Uint8Array([0, 1, 2, 3, 4]);
const kinds = [Buffer.from('text'), Buffer.alloc(0), memory.subarray(1, 4), memory.buffer.slice(1, 2)];

describe('bytes that a stream marks', () => {
  test.each(kinds)('cross in JSON mode as what they are: %o', (bytes) => {
    const { wire, coded } = codec.encode(markBytes(bytes), { root: 'item' });
    expect(coded).toBe(true);
    const arrived = codec.decode(JSON.parse(JSON.stringify(wire)));
    expect(arrived).toEqual(bytes);
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(bytes));
  });

  test('that arrive as an array have memory of their own', () => {
    const { wire } = codec.encode(markBytes(memory.subarray(0, 1)), { root: 'item' });
    expect((codec.decode(wire) as Uint8Array).buffer.byteLength).toBe(1);
  });

  test('other values are left as they are, and unmarked bytes are refused', () => {
    for (const value of ['text', 5, undefined, new Uint16Array(1)]) expect(markBytes(value)).toBe(value);
    expect(() => codec.encode(Buffer.from('x'), { root: 'item' })).toThrow('item is a Buffer');
  });

  test.each([undefined, null, 'x', {}, { kind: 'Buffer' }, { kind: 'Map', base64: '' }, { kind: 'Buffer', base64: 5 }])(
    'a malformed mark breaks the protocol: %o',
    (wire) => {
      expect(() => bytesHandler.decode(wire, { decode: (value) => value, announce: () => {} })).toThrow(ProtocolError);
    },
  );
});
