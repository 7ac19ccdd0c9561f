import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TransferHandler } from '../../src/codec/transfer-handlers.js';
import { SerializationError } from '../../src/errors.js';
import { codecOf, cross, refusalOf, transmit } from '../support/crossing.js';

const codec = codecOf('advanced');

class Point {
  x = 1;
}

/** Carries points as text, so that what holds one must be rewritten. */
const points: TransferHandler<Point> = {
  name: 'point',
  canHandle: (value): value is Point => value instanceof Point,
  encode: (point) => `x=${point.x}`,
  decode: (wire) => Object.assign(new Point(), { x: Number(String(wire).slice(2)) }),
};
const withPoints = codecOf('advanced', { handlers: [points] });
const crossWithPoints = <T>(value: T): T => cross('advanced', value, withPoints) as T;

describe('a value that V8 carries whole', () => {
  test('arrives equal', () => {
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
        expect(cross('advanced', value)).toEqual(structuredClone(value));
      }),
    );
  });

  test('is sent as it is, and must be written before its owner continues', () => {
    const value = { map: new Map([['a', 1n]]), at: new Date(0) };
    expect(codec.encode(value, { root: 'args' })).toEqual({ wire: value, coded: undefined, isLive: true });
    expect(codec.encode(value, { root: 'args' }).wire).toBe(value);
  });

  test('is copied if it is small and plain, and may then be written later', () => {
    const value = { list: [1, 2] };
    const { wire, isLive } = codec.encode(value, { root: 'args' });
    expect(isLive).toBeUndefined();
    value.list.push(3);
    expect(wire).toEqual({ list: [1, 2] });
  });
});

describe('a value of which a part must be rewritten', () => {
  test('is copied, and the original is left as it was', () => {
    const value = { deep: [{ point: new Point() }], bytes: new Uint8Array([1, 2]) };
    const { wire, coded } = withPoints.encode(value, { root: 'args' });
    expect(coded).toBe(true);
    expect(wire).toEqual({ deep: [{ point: { __procxy_type: 'point', value: 'x=1' } }], bytes: value.bytes });
    expect(value.deep[0]?.point).toBeInstanceOf(Point);
  });

  test('keeps cycles and shared references', () => {
    const shared = { n: 1 };
    const point = new Point();
    const value: Record<string, unknown> = { one: shared, two: shared, points: [point, point] };
    value['self'] = value;
    value['map'] = new Map<unknown, unknown>([['back', value]]);
    const arrived = crossWithPoints(value) as { [key: string]: unknown; points: Point[]; map: Map<string, unknown> };
    expect(arrived['self']).toBe(arrived);
    expect(arrived.map.get('back')).toBe(arrived);
    expect(arrived['one']).toBe(arrived['two']);
    expect(arrived.points[0]).toBeInstanceOf(Point);
    expect(arrived.points[0]).toBe(arrived.points[1]);
  });

  test('keeps the order of a Map and a Set, whose keys and members may be rewritten too', () => {
    const map = new Map<unknown, unknown>([
      ['first', 1],
      [new Point(), new Point()],
      ['last', new Set([1, new Point(), 2])],
    ]);
    const arrived = crossWithPoints(map);
    expect([...arrived.keys()]).toEqual(['first', new Point(), 'last']);
    expect([...arrived.keys()][1]).toBeInstanceOf(Point);
    expect([...(arrived.get('last') as Set<unknown>)]).toEqual([1, new Point(), 2]);
  });

  test('keeps holes, and takes no time for a long array of them', () => {
    const sparse: unknown[] = [];
    sparse[5] = new Point();
    sparse[4_000_000_000] = 'far';
    const arrived = withPoints.encode(sparse, { root: 'value' }).wire as unknown[];
    expect(Object.keys(arrived)).toEqual(['5', '4000000000']);
    expect(arrived).toHaveLength(4_000_000_001);
  });

  test('keeps keys that look like descriptors, in cycles too', () => {
    const forged: Record<string, unknown> = { __procxy_type: 'point', value: 'x=9' };
    expect(crossWithPoints(forged)).toEqual(forged);
    const cyclic: Record<string, unknown> = { __procxy_callback: 'id', point: new Point() };
    cyclic['self'] = cyclic;
    const arrived = crossWithPoints(cyclic);
    expect(arrived['self']).toBe(arrived);
    expect(arrived).toMatchObject({ __procxy_callback: 'id', point: { x: 1 } });
  });

  test('keeps a key named __proto__', () => {
    const value = JSON.parse('{"__proto__": 1}') as Record<string, unknown>;
    value['point'] = new Point();
    expect(Object.keys(crossWithPoints(value))).toEqual(['__proto__', 'point']);
  });
});

describe('values that are refused', () => {
  test.each<[string, unknown, path: string]>([
    ['a symbol', [Symbol('s')], 'value[0]'],
    ['a function', { a: () => 1 }, 'value.a'],
    ['a Promise', { a: { b: Promise.resolve() } }, 'value.a.b'],
    ['a weak collection', [new WeakMap()], 'value[0]'],
    ['shared memory', { a: new SharedArrayBuffer(1) }, 'value.a'],
    ['a Proxy of an object', [new Proxy({}, {})], 'value[0]'],
    ['a Proxy of an array', { a: new Proxy([1], {}) }, 'value.a'],
    ['a symbol as an object', [Object(Symbol('s'))], 'value[0]'],
    ['an instance that would arrive empty', { a: new (class Empty {})() }, 'value.a'],
    ['a getter that throws', Object.defineProperty({}, 'a', { enumerable: true, get: fail }), 'value.a'],
    ['a value in a Map', new Map([['k', () => 1]]), 'value.get("k")'],
    ['a key of a Map', new Map([[Symbol('s'), 1]]), 'value.<key 0>'],
    ['a member of a Set', new Set([1, Symbol('s')]), 'value.<member 1>'],
    ['a value behind a hole', Object.assign([], { 3: Symbol('s') }), 'value[3]'],
  ])('%s', (_name, value, path) => {
    const error = refusalOf(codec, value);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path });
  });

  test('a Proxy whose traps throw', () => {
    const traps = new Proxy({}, { ownKeys: fail, getPrototypeOf: fail });
    expect(refusalOf(codec, { a: traps })).toMatchObject({ name: 'SerializationError', path: 'value.a' });
  });

  test('a handler that writes its own value', () => {
    const circular: TransferHandler<Point> = {
      ...points,
      encode: (point, context) => context.encode([point], 'inner'),
    };
    const error = refusalOf(codecOf('advanced', { handlers: [circular] }), { point: new Point() });
    expect(error).toMatchObject({ name: 'SerializationError', path: 'value.point.inner[0]' });
  });

  test('a value nested too deep to be written', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(refusalOf(codec, deep)).toBeInstanceOf(SerializationError);
  });

  test('no handler writes before the whole value was checked', () => {
    let written = 0;
    const counting: TransferHandler<Point> = { ...points, encode: () => void written++ };
    refusalOf(codecOf('advanced', { handlers: [counting] }), [new Point(), Symbol('s')]);
    expect(written).toBe(0);
  });
});

test('the instance crosses as the instance of the other side, also within a value', () => {
  const here = new Map([['a', 1]]);
  const there = {};
  const sender = codecOf('advanced', { self: { current: here } });
  const receiver = codecOf('advanced', { self: { current: there } });
  const arrive = (value: unknown): unknown =>
    receiver.decode(transmit('advanced', sender.encode(value, { root: 'value' }).wire));
  expect(arrive(here)).toBe(there);
  expect((arrive({ inner: here }) as { inner: unknown }).inner).toBe(there);
});

function fail(): never {
  throw new Error('no');
}
