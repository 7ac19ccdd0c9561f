import type { Duplex, Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { Mark } from './serializable.js';

/** Streams and iterators apart from the type of their items: what they carry, and the same with other items. */

export type ChunkOf<T> = T extends ReadableStream<infer Chunk> | WritableStream<infer Chunk> ? Chunk : never;

/** A stream of Node's has no type of its chunks. */
export type StreamWith<T, Chunk> = T extends Duplex
  ? Duplex
  : T extends Readable
    ? Readable
    : T extends Writable
      ? Writable
      : T extends ReadableStream
        ? ReadableStream<Chunk>
        : T extends WritableStream
          ? WritableStream<Chunk>
          : Mark;

/** What an iterator yields, returns and is sent; `never` where it cannot be iterated over. */
export type PartsOf<T> =
  T extends AsyncGenerator<infer Y, infer R, infer N>
    ? [Y, R, N]
    : T extends Generator<infer Y, infer R, infer N>
      ? [Y, R, N]
      : T extends AsyncIterable<infer Y>
        ? [Y, unknown, undefined]
        : T extends Iterator<infer Y, infer R, infer N> & Iterable<unknown>
          ? [Y, R, N]
          : never;

/** An asynchronous iterator, with other items. */
export type IteratorWith<T, Y, R> =
  T extends AsyncGenerator<unknown, unknown, infer N>
    ? AsyncGenerator<Y, R, N>
    : T extends AsyncIterableIterator<unknown>
      ? AsyncIterableIterator<Y>
      : T extends AsyncIterable<unknown>
        ? AsyncIterable<Y>
        : Mark;
