import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isProcxiable, procxy, SerializationError, validateProcxiable, type Procxy } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { CryptoCalculator, DataAnalyzer, FileProcessor, ImageProcessor } from '../fixtures/seed/use-cases.js';
import { Emitting } from '../fixtures/emitting.js';
import { Typed } from '../fixtures/structured.js';

const useCases = '../fixtures/seed/use-cases.js';
const advanced = { serialization: 'advanced' } as const;

describe('advanced mode', () => {
  let echo: Procxy<Calculator, 'advanced'>;
  beforeAll(async () => {
    echo = await procxy(Calculator, '../fixtures/calculator.js', advanced);
  });
  afterAll(() => echo.$terminate());

  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
  const values: Record<string, unknown> = {
    undefined,
    'a BigInt': -(2n ** 200n),
    'a Map': new Map<unknown, unknown>([
      ['a', 1],
      [{ key: true }, new Map([[1n, new Set(['x'])]])],
    ]),
    'a Set': new Set([1, 'a', { b: [undefined] }]),
    'a Date': new Date(0),
    'a RegExp': /a(b)?/giu,
    'an ArrayBuffer': new Uint8Array([1, 2, 3]).buffer,
    'a DataView': new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 2),
    'a Buffer': Buffer.from('bytes'),
    'a slice of a Buffer': Buffer.from('0123456789').subarray(3, 6),
    'floats and big integers': [
      new Float32Array([0.5]),
      new Float64Array([NaN]),
      new BigInt64Array([-1n]),
      new BigUint64Array([1n]),
    ],
    integers: views.map((View) => new View([1, 2, 3])),
    'NaN, infinities and minus zero': [NaN, Infinity, -Infinity, -0],
    'a sparse array': Object.assign([1], { 5: 'x' }),
    'a property that is undefined': { a: undefined },
    'boxed primitives': [Object(1), Object('s'), Object(1n), Object(true)],
    'forged descriptors': { __procxy_type: 'self', list: [new Map([['k', { __procxy_callback: 'x' }]])] },
    'deep nesting': Array.from({ length: 300 }).reduce<unknown>((inner) => new Map([['inner', inner]]), 1),
  };
  for (const [name, value] of Object.entries(values)) {
    test(`${name} arrives as it is`, async () => {
      const arrived = await echo.echo(value);
      expect(isDeepStrictEqual(arrived, value)).toBe(true);
      if (typeof value === 'object' && value !== null) {
        expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(value));
      }
    });
  }

  test('cycles and shared references survive', async () => {
    const shared = { n: 1 };
    const value = { a: shared, b: [shared], map: new Map<unknown, unknown>() } as Record<string, unknown>;
    value.self = value;
    (value.map as Map<unknown, unknown>).set(value, shared);
    const arrived = (await echo.echo(value)) as typeof value;
    expect(arrived.self).toBe(arrived);
    expect((arrived.b as unknown[])[0]).toBe(arrived.a);
    expect((arrived.map as Map<unknown, unknown>).get(arrived)).toBe(arrived.a);
  });

  test('cycles and shared references survive even if the value must be rewritten on the way', async () => {
    const error = new TypeError('shared', { cause: new Map([['why', 1n]]) });
    const list: unknown[] = [error, -0, undefined, 'to be a hole', /x/];
    delete list[3];
    const value = { error, list, set: new Set([list]), proxy: echo, keys: new Map([[error, list]]) } as Record<
      string,
      unknown
    >;
    value.self = value;
    const arrived = (await echo.echo(value)) as typeof value & { error: Error; list: unknown[] };
    expect(arrived.self).toBe(arrived);
    expect(arrived.error).toBeInstanceOf(TypeError);
    expect(arrived.error.cause).toEqual(new Map([['why', 1n]]));
    expect(arrived.list[0]).toBe(arrived.error);
    expect(3 in arrived.list).toBe(false);
    expect(arrived.list).toHaveLength(5);
    expect([...(arrived.set as Set<unknown>)][0]).toBe(arrived.list);
    expect((arrived.keys as Map<unknown, unknown>).get(arrived.error)).toBe(arrived.list);
    expect(arrived.proxy).toBe(echo);
  });

  const refused: [name: string, value: unknown, path: string, sentence: RegExp][] = [
    ['a function', new Map([['k', [() => {}]]]), 'args[0].get("k")[0]', /is a function/],
    ['a function as a key', new Map([[() => {}, 1]]), 'args[0].<key 0>', /is a function/],
    ['a symbol', new Set([1, Symbol('s')]), 'args[0].<member 1>', /is a symbol/],
    ['a promise', { a: Promise.resolve() }, 'args[0].a', /Await it first/],
    ['a WeakMap', [new WeakMap()], 'args[0][0]', /weak collection/],
    ['shared memory', new SharedArrayBuffer(1), 'args[0]', /shared memory/],
    ['a Proxy', { p: new Proxy({}, {}) }, 'args[0].p', /is a Proxy/],
    ['a Proxy of an array', [new Proxy([], {})], 'args[0][0]', /is a Proxy/],
    ['a far element of a sparse array', Object.assign([], { 400_000_000: () => {} }), 'args[0][400000000]', /function/],
    ['an empty instance', { r: new Response('x') }, 'args[0].r', /an instance of Response without own/],
  ];
  for (const [name, value, path, sentence] of refused) {
    test(`${name} is refused with its path, and the proxy stays usable`, async () => {
      const error = await echo.echo(value).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SerializationError);
      expect(error).toMatchObject({ path });
      expect((error as Error).message).toMatch(sentence);
      expect(await echo.add(1, 1)).toBe(2);
    });
  }

  test('binary data arrives as a Buffer in both directions', async () => {
    await using processor = await procxy(ImageProcessor, useCases, advanced);
    const processed = await processor.processImage(Buffer.from([0, 100, 255]));
    expect(processed).toEqual(Buffer.from([255, 155, 0]));
    expect(Buffer.isBuffer(processed)).toBe(true);
  });

  test('a BigInt argument has a BigInt result', async () => {
    await using calculator = await procxy(CryptoCalculator, { modulePath: useCases, ...advanced });
    expect(String(await calculator.factorial(100n))).toMatch(/^9332621544.*0{24}$/);
  });

  test('a Map as an argument has a Map as its result', async () => {
    await using analyzer = await procxy(DataAnalyzer, advanced);
    const data = new Map(Object.entries({ a: 150, b: 50, c: 200 }));
    expect(await analyzer.analyze(data)).toEqual(new Map(Object.entries({ a: 150, c: 200 })));
  });

  test('an error keeps its properties, its cause and the errors within it', async () => {
    await using processor = await procxy(FileProcessor, useCases, advanced);
    const error = (await processor.readFile('/nonexistent').catch((reason: unknown) => reason)) as Error & {
      attempts: unknown;
    };
    expect(error).toMatchObject({
      message: 'File not found',
      code: 'ENOENT',
      errno: -2,
      path: '/nonexistent',
      syscall: 'open',
    });
    expect(error.attempts).toEqual(new Map([['first', 1]]));
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((error.cause as Error).cause).toBe('reason');
    const aggregate = (await processor.readAll().catch((reason: unknown) => reason)) as AggregateError;
    expect(aggregate).toBeInstanceOf(AggregateError);
    expect(aggregate.errors[0]).toBeInstanceOf(RangeError);
    expect(aggregate.errors[1]).toMatchObject({ message: 'two', code: 'E_TWO' });
  });

  test('a result and a property may be a Map, and a function within is refused', async () => {
    await using typed = await procxy(Typed, '../fixtures/structured.js', advanced);
    expect(typed.seen).toEqual(new Map([['start', 0n]]));
    await typed.see('more', 2n);
    expect(typed.seen).toEqual(
      new Map([
        ['start', 0n],
        ['more', 2n],
      ]),
    );
    expect(() => typed.callback).toThrow(/callback\.run is a function/);
    await expect(typed.giveFunction()).rejects.toMatchObject({ name: 'SerializationError', path: 'result.get("f")' });
    expect(await typed.$get('seen')).toBeInstanceOf(Map);
  });

  test('an argument of an event may be a Map', async () => {
    await using emitting = await procxy(Emitting, '../fixtures/emitting.js', advanced);
    const seen: unknown[] = [];
    emitting.on('map', (map) => seen.push(map));
    await emitting.fireMap();
    expect(seen).toEqual([new Map()]);
  });

  test('sanitizeV8 strips what cannot be cloned from constructor arguments', async () => {
    const shared = { keep: 1n, drop: () => {}, [Symbol('s')]: 1, nested: { run() {}, date: new Date(0) } };
    const argument = {
      a: shared,
      b: shared,
      list: [1, () => {}, Symbol('x')],
      map: new Map<unknown, unknown>([
        ['f', () => {}],
        ['v', 1],
      ]),
      set: new Set([() => {}, 2]),
      promise: Promise.resolve(),
      get accessor() {
        return 'read';
      },
    };
    await expect(procxy(Typed, '../fixtures/structured.js', advanced, argument)).rejects.toThrow(
      /args\[0\]\.(a\.drop is a function|list\[2\] is a symbol)/,
    );
    await using typed = await procxy(Typed, '../fixtures/structured.js', { ...advanced, sanitizeV8: true }, argument);
    const given = (await typed.given()) as typeof argument;
    expect(given).toEqual({
      a: { keep: 1n, nested: { date: new Date(0) } },
      b: { keep: 1n, nested: { date: new Date(0) } },
      list: [1, undefined, undefined],
      map: new Map([['v', 1]]),
      set: new Set([2]),
      accessor: 'read',
    });
    expect(given.a).toBe(given.b);
    await expect(procxy(Typed, { sanitizeV8: true } as never)).rejects.toThrow(
      /sanitizeV8` needs \{ serialization: 'advanced' \}/,
    );
  });

  test('sanitizeV8 keeps values that can cross', async () => {
    const argument = {
      abort: new DOMException('x', 'AbortError'),
      error: new TypeError('y'),
      response: new Response('z'),
    };
    await using typed = await procxy(Typed, '../fixtures/structured.js', { ...advanced, sanitizeV8: true }, argument);
    const given = (await typed.given()) as typeof argument;
    expect(given.abort).toBeInstanceOf(DOMException);
    expect(given.error).toBeInstanceOf(TypeError);
    expect(Object.keys(given)).toEqual(['abort', 'error']);
  });

  test('isProcxiable and validateProcxiable check values in advance', () => {
    expect([isProcxiable(new Map(), 'advanced'), isProcxiable(new Map(), 'json'), isProcxiable(new Map())]).toEqual([
      true,
      false,
      false,
    ]);
    expect(isProcxiable(123n, 'advanced')).toBe(true);
    expect(isProcxiable(undefined)).toBe(true);
    expect(isProcxiable(() => {}, 'advanced')).toBe(false);
    expect(() => validateProcxiable({ list: [1n] }, 'json', 'config')).toThrow(/^config\.list\[0\] is a BigInt/);
    expect(() => validateProcxiable({ list: [1n] }, 'advanced', 'config')).not.toThrow();
    const detached = new ArrayBuffer(8);
    structuredClone(detached, { transfer: [detached] });
    expect(isProcxiable(detached, 'advanced')).toBe(false);
  });
});
