import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { registerTransferHandler } from '../../src/codec/registry.js';
import { originalOf, sanitizeForClone } from '../../src/codec/sanitize.js';

const clean = (value: unknown): unknown => sanitizeForClone(value, false);
const lost: [string, unknown][] = [
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a Promise', Promise.resolve()],
  ['a weak collection', new WeakMap()],
  ['shared memory', new SharedArrayBuffer(1)],
  ['a Proxy', new Proxy({}, {})],
  ['an instance without data of its own', new (class Empty {})()],
];

describe.each(lost)('%s', (_name, value) => {
  test('is left out as a property, an entry or a member, and leaves its place in an array', () => {
    expect(clean({ kept: 1, value })).toStrictEqual({ kept: 1 });
    expect(clean([1, value, 2])).toStrictEqual([1, undefined, 2]);
    expect(clean(new Set([1, value]))).toEqual(new Set([1]));
    const map = new Map<unknown, unknown>().set('kept', 1).set('value', value).set(value, 2);
    expect(clean(map)).toEqual(new Map([['kept', 1]]));
  });

  test('becomes undefined by itself', () => {
    expect(clean(value)).toBeUndefined();
  });
});

test('the copy can be cloned, and the original is as it was', () => {
  const original = { list: [() => 1, { deep: Symbol('s'), n: 1 }], at: new Date(0) };
  const copy = clean(original) as object;
  expect(structuredClone(copy)).toEqual({ list: [undefined, { n: 1 }], at: new Date(0) });
  expect(original.list).toHaveLength(2);
  expect(typeof original.list[0]).toBe('function');
  expect(clean(null)).toBeNull();
});

test('accessors are read once, and left out if they throw', () => {
  let reads = 0;
  const value = {
    a: 1,
    get computed(): number {
      return ++reads;
    },
    get broken(): number {
      throw new Error('not now');
    },
  };
  expect(clean(value)).toStrictEqual({ a: 1, computed: 1 });
  expect(reads).toBe(1);
});

test('shared references stay shared, and cycles are kept', () => {
  const shared = { n: 1 };
  const value: Record<string, unknown> = { one: shared, two: [shared] };
  value['self'] = value;
  const copy = clean(value) as { one: object; two: object[]; self: object };
  expect(copy.self).toBe(copy);
  expect(copy.two[0]).toBe(copy.one);
  expect(copy.one).not.toBe(shared);
});

test('holes stay holes, and a key named __proto__ stays a key', () => {
  const sparse = clean(Object.assign([], { 1: 1 })) as unknown[];
  expect([0 in sparse, sparse.length]).toEqual([false, 2]);
  const copy = clean(JSON.parse('{"__proto__": {"a": 1}}')) as object;
  expect(Object.keys(copy)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
});

test('a value that can cross unchanged is not copied', () => {
  class Money {
    cents = 1;
  }
  registerTransferHandler<Money, number>('sanitize-test', {
    canHandle: (value) => value instanceof Money,
    encode: ({ cents }) => cents,
    decode: () => new Money(),
  });
  const whole = [
    new Uint8Array(1),
    new ArrayBuffer(1),
    new Date(0),
    /x/,
    new Error('x'),
    createServer(),
    Readable.from([1]),
    new AbortController().signal,
    Object(1),
    new Money(),
  ];
  const copy = clean(whole) as unknown[];
  for (const [index, value] of whole.entries()) expect(copy[index]).toBe(value);
});

test('an instance is a plain object of its own properties', () => {
  class Point {
    x = 1;
    #y = 2;
    get y(): number {
      return this.#y;
    }
  }
  expect(clean(new Point())).toStrictEqual({ x: 1 });
});

test('functions are kept if they cross, each as a method of the original', () => {
  const original = { run: () => 1, lost: Symbol('s') };
  const copy = sanitizeForClone(original, true) as typeof original;
  expect(copy).toStrictEqual({ run: original.run });
  expect(originalOf(copy)).toBe(original);
  expect(originalOf(original)).toBe(original);
});
