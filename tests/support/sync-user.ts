import { procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { SyncUser } from '../fixtures/sync-user.js';
import type { Attempt, Remote } from './function-user.js';

/** The proxy as these tests use it. */
export interface RemoteSyncUser extends Omit<Procxy<SyncUser, ProcxyOptions>, keyof SyncUser> {
  ping(): Promise<string>;
  sort<T>(list: T[], compare: unknown): Promise<T[]>;
  map(list: unknown[], transform: unknown): Promise<unknown[]>;
  mapDirectly(list: unknown[], transform: unknown): Promise<unknown[]>;
  filter<T>(list: T[], accept: unknown): Promise<T[]>;
  stringify(value: unknown, replacer: unknown): Promise<string>;
  replaceDigits(text: string, replacer: unknown): Promise<string>;
  call(fn: unknown, ...args: unknown[]): Promise<[unknown]>;
  attempt(fn: unknown, ...args: unknown[]): Promise<Attempt>;
  attemptOften(fn: unknown, times: number): Promise<string[]>;
  sum(ask: unknown, count: number): Promise<number>;
  noteAndAsk(note: unknown, ask: unknown, count: number, rounds: number): Promise<unknown[]>;
  giveSockets(take: unknown, port: number, count: number): Promise<void>;
  sendFunctions(take: unknown, count: number): Promise<number>;
  exchange(ask: unknown): Promise<unknown>;
  keep(fn: unknown): Promise<void>;
  callKept(...args: unknown[]): Promise<[unknown]>;
  own(): Promise<Remote>;
  describe(fn: unknown): Promise<[name: string, length: number]>;
  same(a: unknown, b: unknown): Promise<boolean>;
  collectGarbage(): Promise<number>;
  $releaseCallback(fn: (...args: never[]) => unknown): boolean;
}

/** Under Wine, or on a host on a busy machine, a round trip takes a millisecond. */
const timeout = process.platform === 'win32' ? 170_000 : 60_000;

/** With callbacks, unless the options say otherwise. */
export async function startSyncUser(options: ProcxyOptions, log?: string): Promise<RemoteSyncUser> {
  const start = procxy as unknown as (...given: unknown[]) => Promise<RemoteSyncUser>;
  return start(SyncUser, '../fixtures/sync-user.js', { enableCallbacks: true, timeout, ...options }, log);
}
