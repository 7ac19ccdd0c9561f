import type { Duplex, Readable, Writable } from 'node:stream';
import { procxy, type ProcxyControls, type ProcxyOptions } from 'procxy';
import { Lasting } from '../fixtures/lasting.js';

type Items = Promise<AsyncGenerator<unknown, unknown, unknown>> & AsyncIterable<unknown>;

/** The methods of {@link Lasting} on a proxy. */
export interface RemoteLasting extends Omit<ProcxyControls<Lasting>, '$with'> {
  $with(options: { signal: AbortSignal }): RemoteLasting;
  counts(): Promise<[begun: number, cleaned: number]>;
  pid(): Promise<number>;
  items(ms?: number, failAt?: number): Items;
  late(ms: number): Items;
  readable(failAt?: number): Promise<Readable>;
  writable(failAt?: number): Promise<Writable>;
  unfinishing(): Promise<Writable>;
  unfinishingWeb(): Promise<WritableStream>;
  duplex(): Promise<Duplex>;
  web(): Promise<ReadableStream>;
  webWriter(): Promise<WritableStream>;
  take(items: AsyncIterable<unknown>, limit?: number): Promise<number>;
  drop(given: unknown): Promise<string>;
  collectGarbage(): Promise<void>;
}

export async function lasting(options: ProcxyOptions = {}, log?: string): Promise<RemoteLasting> {
  const url = new URL('../fixtures/lasting.js', import.meta.url);
  return (await procxy(Lasting, url, { execArgv: ['--expose-gc'], ...options }, log)) as unknown as RemoteLasting;
}
