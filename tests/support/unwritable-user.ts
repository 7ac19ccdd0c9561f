import { procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { Unwritable } from '../fixtures/unwritable.js';
import type { unwritable } from '../fixtures/unwritable-values.js';

/** A kind of value that no message can carry. */
export type Kind = keyof typeof unwritable | 'large' | 'error';

/** An error, as described by the side that received it. */
export interface Told {
  name: string;
  path?: string | undefined;
  message: string;
}

/** The proxy as these tests use it. */
export interface RemoteUnwritable extends Omit<Procxy<Unwritable, ProcxyOptions>, keyof Unwritable> {
  ping(): Promise<string>;
  take(...values: unknown[]): Promise<void>;
  hold(kind: Kind): Promise<void>;
  readonly held: unknown;
  result(kind: Kind): Promise<unknown>;
  laterResult(kind: Kind): Promise<unknown>;
  thrown(kind: Kind): Promise<unknown>;
  rejected(kind: Kind): Promise<unknown>;
  invoke(fn: unknown, kind: Kind): Promise<Told | undefined>;
  ask(fn: unknown): Promise<Told | undefined>;
  items(kind: Kind): AsyncGenerator<unknown, unknown, unknown>;
  returns(kind: Kind): AsyncGenerator<unknown, unknown, unknown>;
  throws(kind: Kind): AsyncGenerator<unknown, unknown, unknown>;
  echo(): AsyncGenerator<unknown, unknown, unknown>;
  readableStream(kind: Kind, way: 'chunk' | 'error'): Promise<ReadableStream<unknown>>;
  read(iterable: unknown): Promise<Told | undefined>;
  readReturned(iterator: unknown): Promise<Told | undefined>;
  cancel(readable: unknown, kind: Kind): Promise<void>;
  heardReason(signal: AbortSignal): Promise<Told>;
  abort(take: unknown, kind: Kind): Promise<void>;
  send(kind: Kind): Promise<void>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  die(kind: Kind): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function startUnwritable(options: ProcxyOptions, ...args: unknown[]): Promise<RemoteUnwritable> {
  const begin = procxy as unknown as (...given: unknown[]) => Promise<RemoteUnwritable>;
  return begin(Unwritable, '../fixtures/unwritable.js', { enableCallbacks: true, ...options }, ...args);
}
