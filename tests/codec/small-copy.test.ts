import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copySmall } from '../../src/codec/small-copy.js';

describe('copySmall', () => {
  test('returns the equal of a structured clone, or nothing', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    let copied = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const copy = copySmall(value);
        if (copy === undefined) return;
        copied++;
        expect(copy).toEqual(structuredClone(value));
      }),
      { numRuns: 2000 },
    );
    expect(copied).toBeGreaterThan(100);
  });

  test('shares nothing with the original', () => {
    const original = { list: [1, { deep: 'x' }], none: undefined };
    const copy = copySmall(original) as typeof original;
    original.list.push(2);
    (original.list[1] as { deep: string }).deep = 'changed';
    expect(copy).toStrictEqual({ list: [1, { deep: 'x' }], none: undefined });
  });

  const shared = {};
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  test.each<[string, unknown]>([
    ['a shared reference', [shared, shared]],
    ['a cycle', cyclic],
    ['a hole', Object.assign([1], { 2: 3 })],
    ['an array with a property of its own', Object.assign([1], { index: 0 })],
    ['an instance', new (class Thing {})()],
    ['a Proxy', new Proxy({ a: 1 }, {})],
    ['a function', { f: () => 1 }],
    ['a symbol', [Symbol('s')]],
    ['a key of our own', { __procxy_type: 'x' }],
    ['__proto__ as a key', JSON.parse('{"__proto__": 1}')],
    ['bytes', { bytes: new Uint8Array(2) }],
    ['what can be iterated over asynchronously', { async *[Symbol.asyncIterator]() {} }],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    ['more objects than it compares', Array.from({ length: 40 }, () => ({}))],
    ['a long array', Array.from({ length: 1000 }, (_, index) => index)],
  ])('does not copy %s', (_name, value) => {
    expect(copySmall(value)).toBeUndefined();
  });
});
