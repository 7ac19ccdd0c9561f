import { describe, expect, test } from 'vitest';
import { float16Handler } from '../../src/codec/float16-codec.js';
import { ProtocolError, SerializationError } from '../../src/errors.js';

const context = { decode: (wire: unknown) => wire, announce: () => {} };
const sound = { buffer: new ArrayBuffer(8), byteOffset: 2, length: 3 };
const hasFloat16 = 'Float16Array' in globalThis;

describe('a Float16Array that arrives', () => {
  test('is one if this Node has the class, and otherwise an error that says what to send', () => {
    const read = (): unknown => float16Handler().decode(sound, context);
    if (hasFloat16) expect(read()).toMatchObject({ byteOffset: 2, length: 3 });
    else expect(read).toThrow(SerializationError);
    if (!hasFloat16) expect(read).toThrow(/Send a Float32Array/);
  });

  test.each([
    ['nothing', undefined],
    ['a buffer that is text', { ...sound, buffer: 'x' }],
    ['an odd offset', { ...sound, byteOffset: 1 }],
    ['a length beyond the buffer', { ...sound, length: 4 }],
    ['a negative length', { ...sound, length: -1 }],
  ])('is a violation if it is malformed: %s', (_name, wire) => {
    expect(() => float16Handler().decode(wire as never, context)).toThrow(ProtocolError);
  });
});
