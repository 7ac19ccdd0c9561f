import { describe, expect, test } from 'vitest';
import * as refusals from '../../src/codec/refusals.js';

describe('the kinds of values that each mode refuses', () => {
  test.each<[string, object, json: boolean, advanced: boolean]>([
    ['a Promise', Promise.resolve(), true, true],
    ['a weak collection', new WeakSet(), true, true],
    ['shared memory', new SharedArrayBuffer(1), true, true],
    ['a Map', new Map(), true, false],
    ['a Set', new Set(), true, false],
    ['a Buffer', Buffer.alloc(1), true, false],
    ['a typed array', new Uint8Array(1), true, false],
    ['an ArrayBuffer', new ArrayBuffer(1), true, false],
    ['a RegExp', /x/, true, false],
    ['a boxed primitive', Object(1) as object, true, false],
    ['a Proxy', new Proxy({}, {}), false, true],
    ['a symbol', Object(Symbol('s')) as object, true, true],
    ['plain data', { a: 1 }, false, false],
    ['a Date', new Date(0), false, false],
  ])('%s', (_name, value, json, advanced) => {
    expect(refusals.refuseObject(value) !== undefined).toBe(json);
    expect(refusals.refuseClone(value) !== undefined).toBe(advanced);
  });
});

describe('the sentence', () => {
  test('says what the value is, why it cannot cross, and what to do', () => {
    expect(refusals.refuseObject(new Map())).toEqual({
      what: expect.stringMatching(/^a Map, .*JSON/) as string,
      remedy: expect.stringContaining("serialization: 'advanced'") as string,
    });
    expect(refusals.refuseClone(Promise.resolve())?.remedy).toMatch(/await/i);
    expect(refusals.refuseNumber(-Infinity).what).toMatch(/^-Infinity, /);
  });

  test('names the class of an instance that would arrive empty, where it has a name', () => {
    class Secret {
      #value = 1;
      get value(): number {
        return this.#value;
      }
    }
    expect(refusals.empty(new Secret()).what).toContain('an instance of Secret');
    for (const nameless of [new (class {})(), Object.create(Object.create({ constructor: { name: 5 } })) as object]) {
      expect(refusals.empty(nameless).what).toContain('an object of its own class');
    }
  });

  test('tells why something could not be read, whatever was thrown', () => {
    expect(refusals.throwing(new Error('jammed.')).what).toContain('(jammed)');
    expect(refusals.throwing('stuck').what).toContain('(stuck)');
    expect(refusals.throwing({ toString: null }).what).toContain('cannot be shown');
  });
});
