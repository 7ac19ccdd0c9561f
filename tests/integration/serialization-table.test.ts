import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, types } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type Procxy, type SerializationMode } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';

/** The tables of docs/reference/serialization.md, row by row, against a real child in each mode. */

const page = fileURLToPath(new URL('../../docs/reference/serialization.md', import.meta.url));
const header = ['value', 'JSON mode', 'advanced mode'];
const modes: SerializationMode[] = ['json', 'advanced'];

interface Row {
  /** Each crosses on its own, and all must have the outcome. Made from the proxy and one of another child, if need be. */
  values: unknown[] | ((own: object, other: object) => unknown[]);
  /** What the row is about, where that is not the whole value. */
  part?: (value: never) => unknown;
}

class Point {
  x = 1;
  list = [2];
  #hidden = 3;
  get sum(): number {
    return this.x + this.#hidden;
  }
}

class Secret {
  #value = 1;
  get value(): number {
    return this.#value;
  }
}

class Price {
  cents = 5;
  toJSON(): unknown {
    return ['EUR', this.cents];
  }
}

class Stack extends Array<number> {}
class Registry extends Map<string, number> {}
class Tags extends Set<string> {}
class Bytes extends Uint8Array {}
class Moment extends Date {}

class ConfigError extends RangeError {
  override name = 'ConfigError';
  code = 'E_CONFIG';
}

const absent = Symbol('absent');
const own =
  (key: PropertyKey) =>
  (value: object): unknown =>
    Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : absent;

const bytes = [1, 2, 3, 4, 5, 6, 7, 8];
const shared = { n: 1 };
const cyclic: { self?: unknown; list: unknown[] } = { list: [] };
cyclic.self = cyclic;
cyclic.list.push(cyclic.list);
const cyclicMap = new Map<string, unknown>();
cyclicMap.set('self', cyclicMap);
const tag = Symbol.for('tag');
const view = new Uint8Array(bytes);

const rows: Record<string, Row> = {
  'string, lone surrogates included': { values: ['', 'text', '\ud800\u2028\u0000'] },
  'boolean, `null`, finite number': { values: [true, false, null, 0, -1.5, Number.MAX_VALUE] },
  '`-0`': { values: [-0, [-0]] },
  '`NaN`, `Infinity`, `-Infinity`': { values: [NaN, Infinity, -Infinity] },
  '`undefined`: argument, result, element of an array': { values: [undefined, [undefined, [undefined]]] },
  '`undefined`: value of a property': { values: [{ a: undefined, b: 1 }], part: own('a') },
  '`undefined`: in a `Map` or `Set`': { values: [new Map([[undefined, undefined]]), new Set([undefined])] },
  BigInt: { values: [1n, -(2n ** 100n)] },
  symbol: { values: [Symbol('a'), Symbol.for('a'), Symbol.iterator] },
  'boxed string, number, boolean, BigInt': { values: [Object('a'), Object(1), Object(true), Object(1n)] },
  'boxed symbol': { values: [Object(Symbol('a'))] },

  'plain object': { values: [{}, { a: { b: [] }, 'my key': 1 }] },
  'object with the prototype `null`': { values: [Object.assign(Object.create(null) as object, { a: 1 })] },
  'instance of a class, with own enumerable properties': { values: [new Point()] },
  'instance of a class, without own enumerable properties': { values: [new Secret(), new (class Empty {})()] },
  'instance of a class with a method `toJSON()`': { values: [new Price()] },
  'plain object with a method `toJSON()`': { values: [{ a: 1, toJSON: () => [1] }] },
  'method or getter of the prototype': { values: [new Point()], part: own('sum') },
  'own accessor property': {
    values: [
      {
        get a() {
          return 1;
        },
      },
    ],
    part: (value) => Object.getOwnPropertyDescriptor(value, 'a'),
  },
  'own accessor property whose getter throws': {
    values: [Object.defineProperty({}, 'a', { enumerable: true, get: () => fail() })],
  },
  'property named by a symbol': { values: [{ [tag]: 1, a: 1 }], part: own(tag) },
  'property that is not enumerable': { values: [Object.defineProperty({ b: 1 }, 'a', { value: 1 })], part: own('a') },
  'frozen or sealed object': { values: [Object.freeze({ a: 1 }), Object.seal({ a: 1 }), Object.freeze([1])] },
  'key that begins with `__procxy_`': {
    values: [{ __procxy_type: 'undefined' }, { a: [{ __procxy_callback: 'x', __procxy_meta: {} }] }],
  },
  'own key `__proto__`': { values: [JSON.parse('{"__proto__":{"a":1},"b":[{"__proto__":[]}]}')] },
  'a `Proxy` of a plain object': { values: [new Proxy({ a: 1 }, {})] },

  array: { values: [[], [1, 'a', [null]]] },
  'sparse array': { values: [Object.assign([1], { length: 3 })] },
  'named property of an array': { values: [Object.assign([1], { extra: 1 })], part: own('extra') },
  'instance of a class that extends `Array`': { values: [Stack.from([1, 2])] },
  cycle: { values: [cyclic, [cyclic]] },
  'cycle through a `Map`': { values: [cyclicMap] },
  'one object in two places': { values: [[shared, shared], { a: shared, b: [shared] }] },

  '`Date`': { values: [new Date(0)] },
  'invalid `Date`': { values: [new Date(NaN)] },
  '`RegExp`': { values: [/a(?<b>c)/giu] },
  '`lastIndex` of a `RegExp`': {
    values: [Object.assign(/a/g, { lastIndex: 3 })],
    part: (value: RegExp) => value.lastIndex,
  },
  '`Map`, `Set`': { values: [new Map<unknown, unknown>([[{ a: 1 }, new Map()]]), new Set([1, new Set(['a'])])] },
  'instance of a class that extends `Map`, `Set`, a typed array': {
    values: [new Registry([['a', 1]]), new Tags(['a']), new Bytes(2)],
  },
  'instance of a class that extends `Date`': { values: [new Moment(0)] },
  'own property of a `Map`, `Set`, `RegExp`': {
    values: [new Map(), new Set(), /a/].map((value) => Object.assign(value, { extra: 1 })),
    part: own('extra'),
  },
  '`WeakMap`, `WeakSet`, `WeakRef`': { values: [new WeakMap(), new WeakSet(), new WeakRef({})] },

  '`ArrayBuffer`, resizable too': {
    values: [view.buffer, new (ArrayBuffer as ResizableBuffer)(4, { maxByteLength: 8 })],
  },
  '`SharedArrayBuffer`': { values: [new SharedArrayBuffer(4)] },
  '`Int8Array`, `Uint8Array`, `Uint8ClampedArray`': {
    values: [new Int8Array(bytes), view, view.subarray(2, 4), new Uint8ClampedArray(bytes)],
  },
  '`Int16Array`, `Uint16Array`, `Int32Array`, `Uint32Array`': {
    values: [new Int16Array(bytes), new Uint16Array(bytes), new Int32Array(bytes), new Uint32Array(bytes)],
  },
  '`Float32Array`, `Float64Array`': { values: [new Float32Array([NaN, -0, 1.5]), new Float64Array([-Infinity, -0])] },
  '`BigInt64Array`, `BigUint64Array`': { values: [new BigInt64Array([-1n]), new BigUint64Array([2n ** 64n - 1n])] },
  '`DataView`': { values: [new DataView(view.buffer), new DataView(view.buffer, 2, 3)] },
  '`Buffer`': { values: [Buffer.from('text'), Buffer.from('text').subarray(1, 3), Buffer.alloc(0)] },
  'one view in two places': { values: [[view, view]] },
  'two views of one `ArrayBuffer`': { values: [[new Uint8Array(view.buffer), new Uint8Array(view.buffer)]] },
  'view of a `SharedArrayBuffer`': {
    values: [new Uint8Array(new SharedArrayBuffer(4)), Buffer.from(new SharedArrayBuffer(4))],
  },

  '`Error`, `TypeError` and the other built-in classes': {
    values: [
      new Error('a', { cause: { code: 1 } }),
      new TypeError('a'),
      new RangeError('a', { cause: new SyntaxError('b') }),
      new ReferenceError('a'),
      new EvalError('a'),
      new URIError('a'),
      Object.assign(new Error('a'), { code: 'ENOENT', errno: -2 }),
    ],
  },
  '`AggregateError`': { values: [new AggregateError([new TypeError('a'), 1], 'b')] },
  '`DOMException`': { values: [new DOMException('a', 'AbortError')] },
  'instance of an error class of your own, not registered': { values: [new ConfigError('a')] },
  'property of an error that cannot cross': {
    values: [Object.assign(new Error('a'), { run: fail })],
    part: own('run'),
  },

  'the proxy, as an argument; the instance, as a result': { values: (proxy) => [proxy] },
  'the proxy of another instance': { values: (_proxy, other) => [other, { other }] },
  '`URL`': { values: [new URL('http://localhost/a?b=c')] },
  '`URLSearchParams`, `Headers`, `FormData`': {
    values: [new URLSearchParams('a=1'), new Headers({ a: 'b' }), new FormData()],
  },
  '`Request`, `Response`, `Blob`': { values: [new Request('http://localhost'), new Response('a'), new Blob(['a'])] },
  'Node stream': {
    values: () => [
      Readable.from(['a']),
      new Writable(),
      new PassThrough(),
      Readable.from(['a'], { objectMode: false }),
    ],
  },
  'web stream': { values: () => [new ReadableStream(), new WritableStream()] },
  '`AbortSignal`': { values: [new AbortController().signal, AbortSignal.abort()] },
  '`MessagePort`': { values: [new MessageChannel().port1] },
  '`net.Socket`, `net.Server`, `dgram.Socket` without `supportHandles`': {
    values: [new Socket(), new Server(), createSocket('udp4').unref()],
  },

  'function, class': { values: [fail, () => 1, async () => {}, Point, { method: fail }] },
  '`Promise`': { values: [Promise.resolve(1), [Promise.resolve(1)]] },
  'generator, other iterator, async iterable': {
    values: () => [
      (function* () {
        yield 1;
      })(),
      (async function* () {
        yield 1;
      })(),
      { async *[Symbol.asyncIterator]() {} },
      [1].values(),
      new Map([[1, 2]]).entries(),
    ],
  },
};

type ResizableBuffer = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

/** What a cell may say, and when it is true. A refusal is told apart before. */
const outcomes: Record<string, (sent: never, arrived: never) => boolean> = {
  'as it is': (sent, arrived) => same(sent, arrived),
  'a string': (sent: Date, arrived: unknown) => typeof arrived === 'string' && arrived === sent.toJSON(),
  'what `toJSON()` returns': (sent: Date, arrived) => same(sent.toJSON(), arrived),
  'a plain object': (sent: object, arrived) => same({ ...sent }, arrived),
  'a plain array': (sent: Iterable<unknown>, arrived) => same([...sent], arrived),
  'left out': (sent, arrived) => sent !== absent && arrived === absent,
  'not there': (_sent, arrived) => arrived === absent,
  'a data property': (sent: PropertyDescriptor, arrived: PropertyDescriptor) =>
    sent.get !== undefined && arrived.value === sent.get(),
  'as it is, but neither frozen nor sealed': (sent, arrived) => same(sent, arrived) && !Object.isSealed(arrived),
  'the instance in the child, the proxy in the parent': (sent, arrived) => sent === arrived,
  'two equal objects': (sent, arrived) => isDeepStrictEqual(sent, arrived) && !same(sent, arrived),
  '`0`': (_sent, arrived) => arrived === 0,
  'an instance of the built-in class': (sent: Iterable<unknown>, arrived: object) => {
    const builtIn = Object.getPrototypeOf(Object.getPrototypeOf(sent)) as object;
    return (
      Object.getPrototypeOf(arrived) === builtIn &&
      (types.isDate(arrived) || isDeepStrictEqual([...sent], list(arrived)))
    );
  },
  'an error of the built-in class, with its name and properties': (sent: Error, arrived: Error) =>
    Object.getPrototypeOf(arrived) === Object.getPrototypeOf(Object.getPrototypeOf(sent)) && sameError(sent, arrived),
  'two with memory of their own': ([one, two]: Uint8Array[], [first, second]: Uint8Array[]) => {
    if (!one || !two || !first || !second) return false;
    const equal = one.buffer === two.buffer && isDeepStrictEqual([one, two], [first, second]);
    first.fill(0);
    return equal && isDeepStrictEqual(second, two);
  },
  'a stream of its kind': (sent: object, arrived: object) =>
    [Duplex, Readable, Writable, ReadableStream, WritableStream].every(
      (type) => sent instanceof type === arrived instanceof type,
    ),
  'an async iterator': (_sent, arrived: AsyncGenerator) =>
    typeof arrived[Symbol.asyncIterator] === 'function' && typeof arrived.return === 'function',
  'a signal that fires when it does': (sent: AbortSignal, arrived: AbortSignal) =>
    arrived instanceof AbortSignal && sent.aborted === arrived.aborted,
  'a copy in memory that is not shared': (sent: Uint8Array, arrived: Uint8Array) =>
    same(sent, arrived) && types.isSharedArrayBuffer(sent.buffer) && types.isArrayBuffer(arrived.buffer),
};
const refusal = '`SerializationError`';

describe('docs/reference/serialization.md', () => {
  const table = readTables(readFileSync(page, 'utf8'));
  const proxies = new Map<SerializationMode, Procxy<Calculator>>();
  beforeAll(async () => {
    for (const serialization of modes) {
      const proxy = await procxy(Calculator, '../fixtures/calculator.js', { serialization });
      proxies.set(serialization, proxy as unknown as Procxy<Calculator>);
    }
  });
  afterAll(async () => {
    for (const proxy of proxies.values()) await proxy.$terminate();
  });

  test('has exactly one row for each value of this test', () => {
    expect(table.map(([name]) => name).toSorted()).toEqual(Object.keys(rows).toSorted());
  });

  test('has only known outcomes in its cells', () => {
    const known = new Set([refusal, ...Object.keys(outcomes)]);
    const said = new Set(table.flatMap(([, ...cells]) => cells));
    expect([...said].filter((cell) => !known.has(cell))).toEqual([]);
    expect([...known].filter((outcome) => !said.has(outcome))).toEqual([]);
  });

  for (const [name = '', ...cells] of table) {
    for (const [index, mode] of modes.entries()) {
      test(`${name}, ${mode}: ${cells[index]}`, async () => {
        const { values, part = (value: unknown) => value } = rows[name] ?? expect.unreachable('no such row');
        const proxy = proxies.get(mode) ?? expect.unreachable('no proxy');
        const other = [...proxies.values()].find((candidate) => candidate !== proxy) ?? expect.unreachable('no other');
        for (const value of typeof values === 'function' ? values(proxy, other) : values) {
          const outcome = await cross(proxy, value, part as (value: unknown) => unknown);
          expect(outcome(cells[index] ?? '')).toBe('as the page says');
        }
      });
    }
  }

  test('the check tells outcomes apart', () => {
    expect(same({ a: [1] }, { a: [1] })).toBe(true);
    expect(same([shared, shared], [{ n: 1 }, { n: 1 }])).toBe(false);
    expect(same([{ n: 1 }, { n: 1 }], [shared, shared])).toBe(false);
    expect(same(new Point(), { ...new Point() })).toBe(false);
    expect(same({ a: undefined }, {})).toBe(false);
    expect(same([undefined], Array(1))).toBe(false);
    expect(same(0, -0)).toBe(false);
    expect(same(Buffer.from('a'), new Uint8Array([97]))).toBe(false);
    expect(same(new TypeError('a'), new Error('a'))).toBe(false);
    expect(same(new Map([[1, {}]]), new Map([[1, { a: 1 }]]))).toBe(false);
  });
});

/** There and back again. What comes of it is compared with what a cell says. */
async function cross(
  proxy: Procxy<Calculator>,
  value: unknown,
  part: (value: unknown) => unknown,
): Promise<(cell: string) => string> {
  try {
    const arrived = part(await proxy.echo(value));
    const sent = part(value);
    return (cell) => (outcomes[cell]?.(sent as never, arrived as never) ? 'as the page says' : 'another outcome');
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    return (cell) => (cell === refusal ? 'as the page says' : error.message);
  }
}

/** The cells of all tables with the header above, without the header. */
function readTables(markdown: string): string[][] {
  const found: string[][] = [];
  let inside = false;
  for (const line of markdown.split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
      : undefined;
    if (!cells) inside = false;
    else if (isDeepStrictEqual(cells, header)) inside = true;
    else if (inside && !/^-+$/.test(cells[0] ?? '')) found.push(cells);
  }
  return found;
}

/** Whether values are equal in every visible way, including shared references and cycles. Does not compare integrity levels. */
function same(sent: unknown, arrived: unknown, pairs = new Map<object, object>(), taken = new Set<object>()): boolean {
  if (!isObject(sent) || !isObject(arrived)) return Object.is(sent, arrived);
  if (pairs.has(sent) || taken.has(arrived)) return pairs.get(sent) === arrived;
  pairs.set(sent, arrived);
  taken.add(arrived);
  const again = (one: unknown, other: unknown): boolean => same(one, other, pairs, taken);
  if (Object.getPrototypeOf(sent) !== Object.getPrototypeOf(arrived) || types.isProxy(arrived)) return false;
  if (sent instanceof Error) return sameError(sent, arrived as Error);
  // Two invalid dates are not equal to isDeepStrictEqual.
  if (types.isDate(sent)) return Object.is(sent.getTime(), (arrived as Date).getTime());
  if (!isDeepStrictEqual(sent, arrived) || !again(capacity(sent), capacity(arrived))) return false;
  if (types.isMap(sent) || types.isSet(sent)) return again([...sent], list(arrived));
  const keys = Reflect.ownKeys(sent);
  if (!isDeepStrictEqual(new Set(keys), new Set(Reflect.ownKeys(arrived)))) return false;
  return keys.every((key) => {
    const [one, other] = [sent, arrived].map((object) => Object.getOwnPropertyDescriptor(object, key));
    return one?.enumerable === other?.enumerable && !one?.get && !other?.get && again(one?.value, other?.value);
  });
}

function sameError(sent: Error, arrived: Error): boolean {
  const keys = ['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(sent)] as (keyof Error)[];
  return (
    keys.every((key) => same(sent[key], arrived[key])) && Object.keys(arrived).every((key) => Object.hasOwn(sent, key))
  );
}

function capacity(value: object): unknown {
  return (value as { maxByteLength?: number }).maxByteLength;
}

function list(value: object): unknown[] {
  return [...(value as Iterable<unknown>)];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function fail(): never {
  throw new Error('no');
}
