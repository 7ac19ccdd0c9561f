import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
  classify,
  isAsyncIterable,
  markPassedOn,
  streamHandler,
  type Streamable,
  type StreamExchange,
} from '../../src/codec/stream-codec.js';
import { ProtocolError } from '../../src/errors.js';
import type { StreamDescription } from '../../src/protocol.js';
import { codecOf, cross, refusalOf } from '../support/crossing.js';

/** Knows streams by number, as iterators all: what it is given is what the handler found. */
class Quay implements StreamExchange {
  readonly streams: Streamable[] = [];
  discarded = 0;

  export(streamable: Streamable): StreamDescription {
    return { kind: 'iterator', id: this.streams.push(streamable) };
  }

  takeExported(): number[] {
    return [];
  }

  discard(): void {
    this.discarded++;
  }

  import(description: StreamDescription): object {
    const streamable = 'id' in description ? this.streams[description.id - 1] : undefined;
    if (!streamable) throw new ProtocolError('There is none of that number.');
    return streamable.value;
  }
}

async function* asyncItems(): AsyncGenerator<number> {
  yield* [1, 2];
}
function* items(): Generator<number> {
  yield* [1, 2];
}

const kinds: [kind: string, make: () => object][] = [
  ['readable', () => Readable.from([1])],
  ['writable', () => new Writable()],
  ['duplex', () => new PassThrough()],
  ['duplex', () => new Duplex()],
  ['duplex', () => new Transform()],
  ['readable-stream', () => new ReadableStream()],
  ['writable-stream', () => new WritableStream()],
  ['iterator', asyncItems],
  ['iterator', items],
  ['iterator', () => ({ [Symbol.asyncIterator]: asyncItems })],
];

test.each(kinds)('%s: %o', (kind, make) => {
  expect(classify(make())?.kind).toBe(kind);
});

test.each<[string, object]>([
  ['an array', [1]],
  ['a Map, which can only be iterated over at once', new Map()],
  ['a promise of an iterator', Object.assign(Promise.resolve(), { [Symbol.asyncIterator]: asyncItems })],
  ['plain data', { next: 1 }],
])('%s is not a stream', (_name, value) => {
  expect(classify(value)).toBeUndefined();
});

describe.each(['json', 'advanced'] as const)('streams, in %s mode', (mode) => {
  test.each(kinds)('a %s crosses anywhere in a value', (kind, make) => {
    const quay = new Quay();
    const stream = make();
    const arrived = cross(mode, { list: [stream] }, codecOf(mode, { streams: quay })) as { list: unknown[] };
    expect(quay.streams).toMatchObject([{ kind }]);
    expect(arrived.list[0]).toBe(stream);
  });

  test.each([
    ['a locked ReadableStream', () => withReader(new ReadableStream()), 'locked'],
    ['a locked WritableStream', () => withWriter(new WritableStream()), 'locked'],
    ['a Readable that was passed on before', () => passedOn(Readable.from([1])), 'before'],
    ['a generator that was passed on before', () => passedOn(items()), 'before'],
  ])('%s is refused', (_name, make, why) => {
    const error = refusalOf(codecOf(mode, { streams: new Quay() }), { body: make() });
    expect(error).toMatchObject({ path: 'value.body', message: expect.stringContaining(why) as string });
  });

  test('an object that can be iterated over repeatedly may be passed repeatedly', () => {
    const again = passedOn({ [Symbol.asyncIterator]: asyncItems });
    expect(refusalOf(codecOf(mode, { streams: new Quay() }), again)).toBeUndefined();
  });

  test('stay here if the value is refused', () => {
    const quay = new Quay();
    expect(refusalOf(codecOf(mode, { streams: quay }), [Symbol('s'), Readable.from([1])])).toBeDefined();
    expect(quay.discarded).toBe(1);
  });

  test('stay here if they would be lost, as a property of an error', () => {
    const quay = new Quay();
    const error = Object.assign(new Error('x'), { body: Readable.from([1]), kept: 1 });
    const arrived = cross(mode, error, codecOf(mode, { streams: quay })) as object;
    expect(quay.streams).toEqual([]);
    expect(Object.entries(arrived)).toEqual([['kept', 1]]);
  });

  test('without an exchange are refused', () => {
    expect(refusalOf(codecOf(mode), [Readable.from([1])])).toMatchObject({
      path: 'value[0]',
      message: expect.stringContaining('a readable') as string,
    });
  });
});

describe('a malformed stream is refused', () => {
  const context = { decode: (wire: unknown) => wire, announce: () => {} };
  const side = { id: 1, objectMode: true };

  test.each<unknown>([
    undefined,
    null,
    'readable',
    { id: 1 },
    { kind: 'pipe', id: 1 },
    { kind: 'iterator' },
    { kind: 'iterator', id: 0 },
    { kind: 'readable-stream', id: 1.5 },
    { kind: 'readable', id: 1 },
    { kind: 'readable', ...side, encoding: 'morse' },
    { kind: 'writable', ...side, objectMode: 'yes' },
    { kind: 'duplex', readable: side },
    { kind: 'duplex', readable: side, writable: { ...side, id: '1' } },
  ])('%j', (wire) => {
    expect(() => streamHandler(new Quay()).decode(wire as never, context)).toThrow(ProtocolError);
  });

  test('every stream, if streams are not accepted', () => {
    expect(() => streamHandler(undefined).decode({ kind: 'iterator', id: 1 }, context)).toThrow(ProtocolError);
  });

  test('valid descriptions reach the exchange', () => {
    const sound = [
      { kind: 'readable', ...side, encoding: 'utf8' },
      { kind: 'duplex', readable: side, writable: side },
    ];
    for (const wire of sound) {
      expect(() => streamHandler(new Quay()).decode(wire, context)).toThrow('There is none of that number.');
    }
  });
});

test('an asynchronous iterable is recognized by its method', () => {
  expect(isAsyncIterable(asyncItems())).toBe(true);
  expect(isAsyncIterable(items())).toBe(false);
  expect(isAsyncIterable({ [Symbol.asyncIterator]: 5 })).toBe(false);
});

function withReader(stream: ReadableStream): ReadableStream {
  stream.getReader();
  return stream;
}

function withWriter(stream: WritableStream): WritableStream {
  stream.getWriter();
  return stream;
}

function passedOn<T extends object>(stream: T): T {
  markPassedOn(stream);
  return stream;
}
