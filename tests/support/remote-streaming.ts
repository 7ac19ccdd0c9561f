import type { Duplex, Readable, Writable } from 'node:stream';
import { procxy, type ProcxyControls, type ProcxyOptions } from 'procxy';
import { Streaming } from '../fixtures/streaming.js';

/** The methods of {@link Streaming} on a proxy. */
export interface RemoteStreaming extends Omit<ProcxyControls<Streaming>, '$with'> {
  $with(options: { signal: AbortSignal }): RemoteStreaming;
  log(): Promise<string[]>;
  rss(): Promise<number>;
  ping(): Promise<string>;
  bytes(total: number, chunk?: number): Promise<Readable>;
  text(chunks: string[], encoding: BufferEncoding): Promise<Readable>;
  objects(items: unknown[]): Promise<Readable>;
  chunksOf(sizes: number[]): Promise<Readable>;
  hash(readable: Readable | ReadableStream): Promise<string>;
  collect(readable: Readable | ReadableStream): Promise<unknown[]>;
  readText(readable: Readable | ReadableStream): Promise<string>;
  slowWriter(objectMode?: boolean): Promise<Writable>;
  failingWriter(after: number): Promise<Writable>;
  stuckWriter(): Promise<Writable>;
  upperCase(): Promise<Duplex>;
  through(input: Readable): Promise<Readable>;
  echo(): Promise<Duplex>;
  converse(duplex: Duplex, text: string): Promise<string>;
  writeTo(writable: Writable, chunks: string[]): Promise<string>;
  webBytes(total: number, chunk?: number): Promise<ReadableStream>;
  webItems(items: unknown[]): Promise<ReadableStream>;
  webWriter(failAfter?: number): Promise<WritableStream>;
  stuckWebWriter(): Promise<WritableStream>;
  describeChunks(stream: ReadableStream): Promise<unknown[]>;
  writeToWeb(stream: WritableStream, items: unknown[]): Promise<string>;
  spent(how: 'ended' | 'destroyed' | 'failed'): Promise<Readable>;
  endless(): Promise<Readable>;
  breaking(after: number): Promise<Readable>;
  silent(): Promise<Readable>;
  destroySilent(message?: string): Promise<void>;
  readSomeAndDestroy(stream: Readable, message: string): Promise<void>;
  readFile(path: string): Promise<Readable>;
  writeFile(path: string): Promise<Writable>;
  producing(kind: 'generator' | 'objects' | 'web' | 'bytes', chunk?: number): Promise<AsyncIterable<unknown>>;
  produced(): Promise<number>;
  takeSlowly(items: AsyncIterable<unknown>, count: number): Promise<number>;
  taken(): Promise<number>;
}

export async function streaming(options: ProcxyOptions = {}): Promise<RemoteStreaming> {
  const proxy = await procxy(Streaming, new URL('../fixtures/streaming.js', import.meta.url), options);
  return proxy as unknown as RemoteStreaming;
}
