import type { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import type { Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

interface Hit {
  id: number;
  at: Date;
}

declare class Cursor {
  next(): IteratorResult<Hit, void>;
  return(): IteratorResult<Hit, void>;
  [Symbol.iterator](): Cursor;
}

class Service {
  async *search(_query: string): AsyncGenerator<Hit, number, void> {
    yield { id: 1, at: new Date() };
    return 0;
  }
  *numbers(_n: number): Generator<number, string, boolean> {
    yield 1;
    return '';
  }
  iterable(): AsyncIterable<string> {
    return this.search('x') as never;
  }
  async later(): Promise<AsyncGenerator<number>> {
    return null as never;
  }
  async maps(): Promise<{ stream: AsyncGenerator<Map<string, number>> }> {
    return null as never;
  }
  async sum(_numbers: AsyncIterable<number>, _signal?: AbortSignal): Promise<number> {
    return 0;
  }
  takesSync(_numbers: Generator<number>): void {}
  cursor(): Cursor {
    return null as never;
  }
  entries(): MapIterator<[string, Date]> {
    return new Map<string, Date>().entries();
  }
  bytes(): Generator<Buffer, ArrayBuffer> {
    return null as never;
  }
  promises(): Generator<Promise<number>, Promise<string>> {
    return null as never;
  }
  nothing(): never {
    throw new Error('nothing');
  }
  anything(): any {}
  perhaps(): AsyncGenerator<number> | undefined {
    return undefined;
  }
  maker(): () => Generator<number, string, boolean> {
    return null as never;
  }
  async takesBytes(_chunks: AsyncIterable<Uint8Array>): Promise<void> {}

  read(_path: string): Readable {
    return null as never;
  }
  transform(): PassThrough {
    return null as never;
  }
  async write(_to: Writable, _both?: Duplex): Promise<void> {}
  web(): ReadableStream<Uint8Array> {
    return null as never;
  }
  sink(): WritableStream<{ a: number }> {
    return null as never;
  }
  dates(): ReadableStream<Date> {
    return null as never;
  }
  async abortable(_options: { signal?: AbortSignal }): Promise<void> {}
  open: Readable | undefined;
}

type J = Procxy<Service>;
type A = Procxy<Service, 'advanced'>;
type F = Procxy<Service, { enableCallbacks: true }>;

type Iterated<Y, R, N> = Promise<AsyncGenerator<Y, R, N>> & AsyncIterable<Y>;

holds<Equal<J['search'], (query: string) => Iterated<{ id: number; at: string }, number, void>>>();
holds<Equal<A['search'], (query: string) => Iterated<Hit, number, void>>>();
holds<Equal<J['numbers'], (n: number) => Iterated<number, string, boolean>>>();
holds<Equal<J['later'], () => Iterated<number, any, any>>>();
holds<Equal<A['later'], () => Iterated<number, any, any>>>();
holds<Equal<J['cursor'], () => Iterated<{ id: number; at: string }, void, unknown>>>();
holds<Equal<J['promises'], () => Iterated<number, string, any>>>();
holds<Equal<A['nothing'], () => Promise<never>>>();
holds<Equal<A['anything'], () => Promise<any>>>();
holds<Equal<A['perhaps'], () => Promise<AsyncGenerator<number> | undefined>>>();
holds<Equal<ReturnType<Awaited<ReturnType<F['maker']>>>, Iterated<number, string, boolean>>>();
holds<Equal<A['sum'], Service['sum']>>();
holds<Equal<J['read'], (path: string) => Promise<Readable>>>();
holds<Equal<J['transform'], () => Promise<Duplex>>>();
holds<Equal<J['write'], Service['write']>>();
holds<Equal<J['abortable'], Service['abortable']>>();

export async function uses(j: J, a: A): Promise<void> {
  for await (const { id, at } of j.search('x')) void [id.toFixed(), at.toUpperCase()];
  for await (const { at } of a.search('x')) at.getTime();
  for await (const text of j.iterable()) text.toUpperCase();
  for await (const n of await j.later()) n.toFixed();
  for await (const n of j.later()) n.toFixed();
  const counting = await j.numbers(3);
  const { value, done } = await counting.next(true);
  if (done) value.toUpperCase();
  for await (const { at } of j.cursor()) at.toUpperCase();
  for await (const { at } of a.cursor()) at.getTime();
  for await (const [key, at] of j.entries()) void [key, at.toUpperCase()];
  for await (const chunk of j.bytes()) chunk.readUInt8(0);
  for await (const n of j.promises()) n.toFixed();
  await j.takesBytes(new Set([Buffer.from('x')]).values() as never);
  const { stream } = await a.maps();
  for await (const map of stream) map.get('x')?.toFixed();
  const total: number = await j.sum(
    (async function* () {
      yield 1;
    })(),
    AbortSignal.timeout(5),
  );
  (await j.read('x')).pipe(await j.transform());
  for await (const chunk of await j.web()) chunk.byteLength.toFixed();
  await (await j.sink()).getWriter().write({ a: 1 });
  for await (const date of await j.dates()) date.toUpperCase();
  void total;

  // @ts-expect-error a result is a promise, and not an iterator
  void j.search('x').next;
  // @ts-expect-error nor can it be returned from
  void j.later().return;
  // @ts-expect-error a Map cannot be an item in JSON mode
  await j.maps();
  // @ts-expect-error a generator arrives as an asynchronous one
  await j.takesSync(null as never);
  // @ts-expect-error items are numbers
  await j.sum(null as never as AsyncIterable<string>);
  // @ts-expect-error a stream is no property
  void j.open?.pipe;
}
