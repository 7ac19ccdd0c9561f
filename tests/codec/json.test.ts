import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SerializationError } from '../../src/errors.js';
import { codecOf, cross, refusalOf, transmit } from '../support/crossing.js';

const codec = codecOf('json');
const wireOf = (value: unknown, root = 'value'): unknown => codec.encode(value, { root }).wire;

class Point {
  x = 1;
  #hidden = 2;
  get sum(): number {
    return this.x + this.#hidden;
  }
}

const shared = { n: 1 };

describe('values that cross unchanged', () => {
  test('any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(cross('json', value)).toEqual(value);
      }),
    );
  });

  test.each<[string, unknown]>([
    ['text, lone surrogates included', ['', 'é🦊', '\ud800', '\u2028\0']],
    ['undefined', undefined],
    ['undefined in an array', [1, undefined, [undefined]]],
    ['negative zero', -0],
    ['negative zero within', { list: [-0, 0] }],
    ['keys that are our own', { __procxy_type: 'undefined', deep: [{ __procxy_callback: 'id', __procxy_meta: 1 }] }],
    ['our own keys twice over', { __procxy_type: 'escaped', value: { __procxy_type: 'escaped', value: 1 } }],
    ['a key named __proto__', JSON.parse('{"__proto__": {"a": 1}, "list": [{"__proto__": null}]}')],
    ['one object in two places', [shared, { shared }]],
  ])('%s', (_name, value) => {
    expect(cross('json', value)).toStrictEqual(value);
  });

  test('data cannot forge a descriptor, whatever its keys and values', () => {
    const key = fc.constantFrom('__procxy_type', '__procxy_callback', '__procxy_meta', 'value', 'a');
    const forged = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('self', 'escaped', 'error', 'function', 1),
        tie('object'),
      ),
      object: fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    })).object;
    fc.assert(
      fc.property(forged, (value) => {
        expect(cross('json', value)).toEqual({ ...value });
      }),
    );
  });
});

describe('values that JSON changes by its own rules', () => {
  test.each<[string, unknown, unknown]>([
    ['a property that is undefined is dropped', { a: undefined, b: 1 }, { b: 1 }],
    ['a Date is its text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['an instance is its own enumerable properties', new Point(), { x: 1 }],
    ['toJSON() is asked, of an array too', Object.assign([1], { toJSON: () => ({ n: 2 }) }), { n: 2 }],
    ['a symbol as a key is dropped', { [Symbol('s')]: 1, a: 1 }, { a: 1 }],
    ['a URL is its text', new URL('https://example.org/'), 'https://example.org/'],
  ])('%s', (_name, value, arrived) => {
    expect(cross('json', value)).toEqual(arrived);
  });

  test('toJSON() is given its key', () => {
    const named = { toJSON: (key: string) => `at ${key}` };
    expect(wireOf({ first: named, list: [named] })).toEqual({ first: 'at first', list: ['at 0'] });
  });

  test('the result of toJSON() is checked like any value', () => {
    expect(refusalOf(codec, { a: { toJSON: () => NaN } })).toMatchObject({ path: 'value.a' });
    expect(wireOf({ a: { toJSON: () => undefined } })).toEqual({ a: { __procxy_type: 'undefined' } });
  });

  test('a toJSON() that returns the object itself changes nothing', () => {
    const object = {
      a: 1,
      toJSON(): unknown {
        return this;
      },
    };
    expect(cross('json', object)).toEqual({ a: 1 });
  });
});

describe('values that are refused', () => {
  const cyclic: Record<string, unknown> = { list: [] };
  (cyclic['list'] as unknown[]).push({ back: cyclic });
  test.each<[string, unknown, path: string]>([
    ['NaN', { a: [NaN] }, 'value.a[0]'],
    ['infinity', -Infinity, 'value'],
    ['a BigInt', [1, 1n], 'value[1]'],
    ['a symbol', { a: Symbol('s') }, 'value.a'],
    ['a function', { a: () => 1 }, 'value.a'],
    ['a hole', Object.assign([1], { 2: 3 }), 'value[1]'],
    ['a cycle, at its first return', cyclic, 'value.list[0].back'],
    ['an invalid Date', { a: new Date(NaN) }, 'value.a'],
    ['a Map', new Map([[1, 2]]), 'value'],
    ['a Buffer', { a: { b: Buffer.from('x') } }, 'value.a.b'],
    ['an instance that would arrive empty', [new (class Empty {})()], 'value[0]'],
    ['a getter that throws', { a: Object.defineProperty({}, 'b', { enumerable: true, get: fail }) }, 'value.a.b'],
  ])('%s', (_name, value, path) => {
    const error = refusalOf(codec, value);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path });
  });

  test('a value nested too deep to be written', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(refusalOf(codec, deep)).toBeInstanceOf(SerializationError);
  });
});

describe('the copy', () => {
  test('runs each getter once, and is not affected by later changes', () => {
    let reads = 0;
    const value = {
      list: [{ n: 1 }],
      get computed(): number {
        return ++reads;
      },
    };
    const wire = wireOf(value);
    value.list.push({ n: 2 });
    (value.list[0] as { n: number }).n = 5;
    expect(wire).toEqual({ list: [{ n: 1 }], computed: 1 });
    expect(reads).toBe(1);
  });

  test('is omitted only for the flat array of arguments, which was made for its message', () => {
    const flat = [1, 'two', null, true];
    expect(wireOf(flat, 'args')).toBe(flat);
    expect(wireOf(flat, 'result')).toEqual(flat);
    expect(wireOf(flat, 'result')).not.toBe(flat);
    const nested = [flat];
    expect((wireOf(nested, 'args') as unknown[])[0]).not.toBe(flat);
  });
});

test('the instance crosses as the instance of the other side, even if it is an array', () => {
  const here = Object.assign([1], { name: 'instance' });
  const there = {};
  const { wire, coded } = codecOf('json', { self: { current: here } }).encode(here, { root: 'result' });
  expect(coded).toBe(true);
  expect(codecOf('json', { self: { current: there } }).decode(transmit('json', wire))).toBe(there);
});

test('coded tells whether there is anything to decode', () => {
  const isCoded = (value: unknown): unknown => codec.encode(value, { root: 'value' }).coded;
  expect([1, 'x', [1, 2], { a: [{ b: null }] }].map(isCoded)).toEqual([undefined, undefined, undefined, undefined]);
  expect([undefined, [-0], { a: { __procxy_x: 1 } }, [new Error('x')]].map(isCoded)).toEqual([true, true, true, true]);
});

function fail(): never {
  throw new Error('no');
}

describe('the copy of an object', () => {
  test('has what JSON.stringify() writes, also where a program has extended Object.prototype', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype['added'] = { by: 'a program' };
    try {
      expect(Object.keys(wireOf({ a: 1, b: { c: [1] } }) as object)).toEqual(['a', 'b']);
    } finally {
      delete prototype['added'];
    }
  });

  test('has no properties that are undefined, and keeps the order of the others', () => {
    const wire = wireOf({ a: undefined, b: 1, c: { d: undefined }, e: undefined, f: [{ g: undefined }] });
    expect(Object.entries(wire as object)).toEqual([
      ['b', 1],
      ['c', {}],
      ['f', [{}]],
    ]);
    expect(Object.keys((wire as { c: object }).c)).toEqual([]);
  });

  test('reads each getter once, and names the one that throws', () => {
    let reads = 0;
    const value = {
      get counted() {
        return ++reads;
      },
    };
    expect(wireOf([value])).toEqual([{ counted: 1 }]);
    expect(reads).toBe(1);
    const failing = {
      fine: 1,
      get broken() {
        throw new RangeError('no');
      },
    };
    expect(() => wireOf([failing])).toThrow(/value\[0\]\.broken is not readable/);
  });

  test('keeps an own __proto__, with an object in it', () => {
    const value = JSON.parse('{ "__proto__": { "x": { "y": 1 } }, "z": 2 }') as object;
    const wire = wireOf(value) as object;
    expect(Object.getPrototypeOf(wire)).toBe(Object.prototype);
    expect(JSON.stringify(wire)).toBe(JSON.stringify(value));
  });
});

test('toJSON() is not called again on its own result', () => {
  class Tree {
    children: Tree[] = [];
    toJSON(): object {
      return Object.assign(new Tree(), { name: 'tree' });
    }
  }
  expect(wireOf(new Tree())).toEqual({ name: 'tree', children: [] });
});
