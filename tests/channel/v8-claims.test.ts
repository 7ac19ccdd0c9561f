import { randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkClaims, MAX_CLAIMED } from '../../src/channel/v8-claims.js';

/** The token of an array with holes, and a length. */
function claim(length: number): number[] {
  const bytes = [0x61];
  let left = length;
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return [...bytes, left];
}

const header = [0xff, 0x0f];
const holes = (length: number): unknown[] => {
  const array: unknown[] = [];
  array.length = length;
  return array;
};

describe('sound messages pass', () => {
  const long = 'a'.repeat(300_000);
  const sound: Record<string, unknown> = {
    'text of the letter a': [long, `${long}é`, `${long}🦊`],
    'a Buffer with all bytes': { bytes: randomBytes(5_000_000), after: long },
    'typed arrays and views': [new Float64Array(300_000).fill(1e-300), new DataView(new ArrayBuffer(5)), long, long],
    'an array with as many holes as are allowed': holes(MAX_CLAIMED - 10),
    'all else': [
      [1, -1, 2 ** 40, 0.5, NaN, -0, 10n ** 40n, -1n, true, false, null, undefined],
      [new Date(), /a+é\/a/giu, new RegExp('🦊a'), Object(1), Object('aé'), Object(true), Object(5n)],
      new Map<unknown, unknown>([['a', new Set(['a', 1])]]),
      [new ArrayBuffer(1000), new Uint8Array(20).subarray(3, 9)],
      [long, long, { a: { a: [holes(1000), 'a'] } }],
    ],
  };
  test.each(Object.entries(sound))('%s', (_, value) => {
    const bytes = serialize(value);
    checkClaims(bytes);
    // Then the same, with more than is allowed behind it: it was read to its end.
    const both = serialize([value, 'end']);
    const found = both.lastIndexOf('end');
    const spoiled = Buffer.concat([both.subarray(0, found - 2), Buffer.from(claim(MAX_CLAIMED + 1))]);
    expect(() => checkClaims(spoiled)).toThrow(RangeError);
  });

  test('any value that can be cloned', () => {
    // With it in the message the tokens are looked at one by one.
    const noise = Buffer.from(claim(2 ** 31));
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: Buffer;
        try {
          bytes = serialize([value, noise]);
        } catch {
          return;
        }
        checkClaims(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a message that claims too much is refused', () => {
  test.each<[string, number[]]>([
    ['one array', [...header, ...claim(2 ** 31)]],
    ['many', [...header, ...Array.from({ length: 3000 }, () => claim(16_383)).flat()]],
    ['one behind text, in an object', [...serialize({ a: 'aaa', b: 1 }).subarray(0, -2), ...claim(2 ** 30)]],
    ['one behind padding', [...header, 0, 0, ...claim(2 ** 30)]],
    ['one behind an error', [...serialize([new Error('x')]), ...claim(2 ** 30)]],
    ['without a version', claim(2 ** 30)],
    ['of an old version', [0xff, 0x0b, ...claim(2 ** 30)]],
  ])('%s', (_, bytes) => {
    expect(() => checkClaims(Buffer.from(bytes))).toThrow(RangeError);
  });

  test('V8 would have reserved memory for it', () => {
    const length = 2 ** 24;
    const end = [0x40, 0, ...claim(length).slice(1)];
    const before = process.memoryUsage().heapTotal;
    const value = deserialize(Buffer.from([...header, ...claim(length), ...end])) as unknown[];
    expect(value).toHaveLength(length);
    expect(process.memoryUsage().heapTotal - before).toBeGreaterThan(100_000_000);
  });
});
