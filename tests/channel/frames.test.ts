import { deserialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { frame, HEADER_BYTES, MAX_MESSAGE, messageFormat, v8Frame } from '../../src/channel/frames.js';

test('a frame is the length of the message in little-endian order, then the message', () => {
  const bytes = frame(Buffer.from('é🦊'));
  expect(bytes.readUInt32LE()).toBe(6);
  expect(bytes.subarray(HEADER_BYTES).toString()).toBe('é🦊');
  expect(frame(Buffer.alloc(0))).toEqual(Buffer.alloc(HEADER_BYTES));
});

test('a message that is too long for a frame is refused', () => {
  // No buffer of that length can be had everywhere: only its length is looked at.
  const tooLong = Object.defineProperty(Buffer.alloc(0), 'length', { value: MAX_MESSAGE + 1 });
  expect(() => frame(tooLong)).toThrow(RangeError);
});

test('a frame that V8 writes in place has the same bytes', () => {
  const message = { map: new Map([['é', 1n]]), bytes: new Uint8Array([1, 2]), large: 'x'.repeat(100_000) };
  const bytes = v8Frame(message);
  expect(bytes.readUInt32LE()).toBe(bytes.length - HEADER_BYTES);
  expect(deserialize(bytes.subarray(HEADER_BYTES))).toEqual(message);
  expect(() => v8Frame({ fn: () => 1 })).toThrow(/could not be cloned/);
});

describe.each(['json', 'advanced'] as const)('the format of messages in %s mode', (mode) => {
  const format = messageFormat(mode);

  test('reads what it writes', () => {
    const message = { type: 'x', list: [1, 'é🦊', null, { deep: true }] };
    expect(format.decode(format.encode(message))).toEqual(message);
  });

  test.each<[string, number[]]>([
    ['nothing', []],
    ['arbitrary bytes', [1, 2, 3, 4]],
    ['half a message', [...format.encode({ type: 'x' })].slice(0, 5)],
  ])('throws for %s', (_name, bytes) => {
    expect(() => format.decode(Buffer.from(bytes))).toThrow(Error);
  });
});

test('in advanced mode a message of a few bytes cannot claim a huge array', () => {
  expect(() => messageFormat('advanced').decode(Buffer.from([0xff, 15, 0x61, 0xff, 0xff, 0xff, 0x7f]))).toThrow(
    RangeError,
  );
});

test('in advanced mode the sender refuses an array that the reader would take for such a claim', () => {
  const holes: unknown[] = [];
  holes.length = 2 ** 32 - 1;
  expect(() => messageFormat('advanced').encode({ holes })).toThrow(RangeError);
  expect(() => v8Frame({ holes })).toThrow(RangeError);
});
