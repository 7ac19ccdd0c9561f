import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type Procxy } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { Failing } from '../fixtures/failing.js';

class Point {
  x = 1;
  y = 2;
  #hidden = 3;
  get sum(): number {
    return this.x + this.y + this.#hidden;
  }
}

class Secret {
  #value = 1;
  get value(): number {
    return this.#value;
  }
}

describe('nothing is changed silently', () => {
  let echo: Procxy<Calculator>;
  beforeAll(async () => {
    echo = await procxy(Calculator, '../fixtures/calculator.js');
  });
  afterAll(() => echo.$terminate());

  const faithful: Record<string, unknown> = {
    undefined,
    null: null,
    'an empty string': '',
    'minus zero': -0,
    'undefined in an array': [undefined, [undefined], 1],
    'a forged callback descriptor': { __procxy_callback: 'b5c1', __procxy_meta: { type: 'function' } },
    'a forged descriptor': { __procxy_type: 'self' },
    'a forged descriptor, nested and mixed': {
      a: [{ __procxy_type: 'undefined', b: { __procxy_type: 3 } }],
      c: undefined,
    },
    'an own __proto__ key': JSON.parse('{"__proto__":{"polluted":true},"x":[{"__proto__":-0}]}') as unknown,
    'lone surrogates and line separators': '\ud800\u2028\u0000',
    'a deep value': Array.from({ length: 200 }).reduce<unknown>((inner) => ({ inner }), 'core'),
    'the same object twice': (() => {
      const shared = { n: 1 };
      return [shared, shared];
    })(),
  };
  for (const [name, value] of Object.entries(faithful)) {
    test(`${name} arrives as it was`, async () => {
      const arrived = await echo.echo(value);
      expect(arrived).toEqual(value);
      expect(Object.is(arrived, -0)).toBe(Object.is(value, -0));
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });
  }

  test('an own __proto__ key arrives as an own key', async () => {
    const arrived = (await echo.echo(JSON.parse('{"__proto__":[-0]}'))) as object;
    expect(Object.keys(arrived)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
  });

  test('a property that is undefined is dropped, as JSON does', async () => {
    expect(Object.keys((await echo.echo({ a: undefined, b: [undefined] })) as object)).toEqual(['b']);
  });

  test('a value with a method toJSON() arrives in that form', async () => {
    const date = new Date(0);
    expect(await echo.echo({ date, url: new URL('http://localhost/a') })).toEqual({
      date: '1970-01-01T00:00:00.000Z',
      url: 'http://localhost/a',
    });
    expect(await echo.echo({ toJSON: (key: string) => [key, undefined] })).toEqual(['0', undefined]);
  });

  test('toJSON() is called once on any value, and its result cannot be mistaken for a descriptor', async () => {
    const list = Object.assign([1, undefined], { toJSON: () => ({ __procxy_type: 'self' }) });
    expect(await echo.echo([list, undefined])).toEqual([{ __procxy_type: 'self' }, undefined]);
    expect(await echo.echo({ at: { toJSON: () => new Date(0) } })).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    await expect(echo.echo(Object.assign([1], { toJSON: () => new Map() }))).rejects.toThrow(/is a Map/);
  });

  test('a getter runs once', async () => {
    let reads = 0;
    const value = {
      get changing() {
        return reads++ === 0 ? 1 : NaN;
      },
    };
    expect(await echo.echo(value)).toEqual({ changing: 1 });
    expect(reads).toBe(1);
  });

  test('an array of a class of its own is copied without its constructor', async () => {
    class Picky extends Array<unknown> {
      constructor(options: unknown) {
        super();
        if (typeof options !== 'object') throw new Error('options required');
      }
    }
    const picky = new Picky({});
    picky.push(1, undefined, -0);
    expect(await echo.echo(picky)).toEqual([1, undefined, -0]);
  });

  test('an instance arrives as a plain object of its own properties', async () => {
    const arrived = await echo.echo(new Point());
    expect(arrived).toStrictEqual({ x: 1, y: 2 });
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = { list: [0, cyclic] };
  const refused: [name: string, value: unknown, path: string, sentence: RegExp][] = [
    ['a Map', { users: new Map() }, 'args[0].users', /is a Map.*\[\.\.\.map\]/],
    ['a Set', [new Set()], 'args[0][0]', /is a Set/],
    ['a Buffer', { image: Buffer.from('x') }, 'args[0].image', /is a Buffer.*base64/],
    ['a typed array', new Uint8Array(2), 'args[0]', /typed array/],
    ['an ArrayBuffer', new ArrayBuffer(2), 'args[0]', /ArrayBuffer/],
    ['a BigInt', { 'my key': 1n }, 'args[0]["my key"]', /BigInt/],
    ['a RegExp', /x/, 'args[0]', /RegExp/],
    ['a symbol', { a: Symbol('s') }, 'args[0].a', /symbol/],
    ['NaN', [1, NaN], 'args[0][1]', /is NaN/],
    ['infinity', { a: { b: -Infinity } }, 'args[0].a.b', /is -Infinity/],
    ['a function', { onProgress: () => {} }, 'args[0].onProgress', /is a function/],
    ['a class', Point, 'args[0]', /is a function/],
    ['a cycle', cyclic, 'args[0].self.list[1]', /reference back/],
    ['a promise', Promise.resolve(1), 'args[0]', /Await it first/],
    ['a hole in an array', Object.assign([], { length: 3 }), 'args[0][0]', /hole/],
    ['an invalid date', { at: new Date(NaN) }, 'args[0].at', /invalid Date/],
    ['an instance that would arrive empty', new Secret(), 'args[0]', /an instance of Secret without own/],
    ['a boxed number', Object(1), 'args[0]', /boxed/],
    ['a WeakMap', new WeakMap(), 'args[0]', /weak collection/],
    ['a response', new Response('x'), 'args[0]', /Response/],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', { enumerable: true, get: () => fail() }),
      'args[0]',
      /threw \(no/,
    ],
    [
      'a value too deep',
      Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 0),
      'args',
      /nested deeper than a message/,
    ],
  ];
  for (const [name, value, path, sentence] of refused) {
    test(`${name} is refused with its path, for that call only`, async () => {
      const neighbour = echo.add(1, 1);
      const error = await echo.echo(value).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SerializationError);
      const { message, path: where } = error as SerializationError;
      expect(where.slice(0, path.length)).toBe(path);
      expect(message).toMatch(/^echo\(\): args/);
      expect(message).toMatch(sentence);
      expect(await neighbour).toBe(2);
    });
  }

  test('a result that cannot cross rejects its call immediately', async () => {
    await using proxy = await procxy(Failing, '../fixtures/failing.js');
    // The types say that it cannot be called; JavaScript calls it all the same.
    const failing = proxy as unknown as { returnFunction(): Promise<unknown> };
    await expect(failing.returnFunction()).rejects.toMatchObject({
      name: 'SerializationError',
      path: 'result.nested[0]',
      message: expect.stringMatching(/^returnFunction\(\): result\.nested\[0\] is a function/) as string,
    });
    await expect(failing.returnFunction()).rejects.toBeInstanceOf(SerializationError);
  });
});

function fail(): never {
  throw new Error('no');
}
