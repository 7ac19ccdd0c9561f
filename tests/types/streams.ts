import type { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import type { Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

interface Hit {
  id: number;
  at: Date;
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

holds<Equal<J['search'], (query: string) => AsyncGenerator<{ id: number; at: string }, number, void>>>();
holds<Equal<A['search'], (query: string) => AsyncGenerator<Hit, number, void>>>();
holds<Equal<J['numbers'], (n: number) => AsyncGenerator<number, string, boolean>>>();
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

  // @ts-expect-error a Map cannot be an item in JSON mode
  await j.maps();
  // @ts-expect-error a generator arrives as an asynchronous one
  await j.takesSync(null as never);
  // @ts-expect-error items are numbers
  await j.sum(null as never as AsyncIterable<string>);
  // @ts-expect-error a stream is no property
  void j.open?.pipe;
}
