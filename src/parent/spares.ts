import { setTimeout } from '../clock.js';
import type { Self } from '../codec/transfer-handlers.js';
import { OptionsValidationError } from '../errors.js';
import { currentDirectory } from '../start-directory.js';
import type { ProcxyOptions } from '../types/options.js';
import { Connection } from './connection.js';
import { childEnv } from './launch/environment.js';
import { startLocalChild } from './local-child.js';
import { keyOfChild, type ChildOptions } from './options/child-options.js';
import { readArguments } from './options/read-arguments.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { proxyHandler } from './proxy.js';

/** A child that has no instance yet. */
export interface Prepared {
  connection: Connection;
  /** What both sides mean by `this`: the proxy, once there is one. */
  self: Self;
}

/**
 * Connects to a worker, which learns later which class it is to load.
 * @param worker where the instance is to live; left out: in a child process, which is started
 */
export function prepare(options: ChildOptions, worker = startLocalChild(options)): Prepared {
  const self: Self = { current: undefined };
  const connection: Connection = new Connection(worker, options, self, [proxyHandler(self, () => connection)]);
  return { connection, self };
}

interface Pool {
  options: ResolvedOptions;
  wanted: number;
  /** Each with what resolves when it can be told what to load. */
  readonly spares: Map<Prepared, Promise<void>>;
}

/** ms */
const REFILL_DELAY = 20;
let isRefilling = false;

/** Children started ahead, by all that a child cannot change once it runs. */
const pools = new Map<string, Pool>();

/**
 * Keeps so many children started ahead, each of about 40 MB, for calls of `procxy()` with the same options: such a call takes
 * one, and another is started in its place. `0` ends those that are left. They do not keep this process alive.
 *
 * Options that concern only the instance or single calls (`modulePath`, `timeout`, `retries`, `mirror`, `signal`, …) may differ.
 * The environment and the working directory are those of the time of the start: a call after a change of them starts a child
 * of its own.
 *
 * @returns a promise that resolves when they are ready
 * @throws {OptionsValidationError} for a count or an option that is not what it must be
 * @throws {ChildCrashedError} when a child cannot be started
 */
export async function keepSpares(count: number, options: ProcxyOptions = {}): Promise<void> {
  if (!Number.isInteger(count) || count < 0) {
    throw new OptionsValidationError(
      `procxy.warm() takes how many children to keep, 0 or more; it is ${String(count)}.`,
    );
  }
  const resolved = readArguments([options]).options;
  // There is no child to start.
  if (resolved.inProcess) return;
  if (resolved.agent !== undefined) {
    throw new OptionsValidationError(
      'A child with an `agent` of its own cannot be started ahead: it has its class already.',
    );
  }
  const key = keyOf(resolved);
  if (key === undefined) {
    throw new OptionsValidationError(
      'A child that was started ahead cannot have the streams or descriptors of `stdio`: use the names that fork has for them.',
    );
  }
  const pool = pools.get(key) ?? { options: resolved, wanted: 0, spares: new Map() };
  pools.set(key, pool);
  pool.wanted = count;
  const surplus = [...pool.spares.keys()].slice(count);
  await Promise.all([...surplus.map((spare) => end(pool, spare)), fill(pool)]);
  if (pool.wanted === 0 && pool.spares.size === 0) pools.delete(key);
}

/** A child that was started ahead with these options, if there is one. */
export function takeSpare(options: ChildOptions): Prepared | undefined {
  if (pools.size === 0) return undefined;
  const pool = pools.get(keyOf(options) ?? '');
  if (!pool) return undefined;
  for (const spare of pool.spares.keys()) {
    pool.spares.delete(spare);
    if (!spare.connection.worker.hasEnded) return spare;
  }
  return undefined;
}

/** To be called when a child has been taken and its start is over. */
export function refillSpares(): void {
  if (pools.size === 0 || isRefilling) return;
  isRefilling = true;
  // Not at once: starting a process would hold up whoever has just got the other.
  setTimeout(() => {
    isRefilling = false;
    // A failure shows at the next call, which then starts a child of its own.
    for (const pool of pools.values()) fill(pool).catch(() => {});
  }, REFILL_DELAY).unref();
}

async function fill({ options, wanted, spares }: Pool): Promise<void> {
  while (spares.size < wanted) {
    const spare = prepare(options);
    spares.set(spare, spare.connection.isReady(options.startTimeout));
    void spare.connection.worker.exited.then(() => spares.delete(spare));
  }
  await Promise.all(spares.values());
}

async function end(pool: Pool, spare: Prepared): Promise<void> {
  pool.spares.delete(spare);
  await spare.connection.terminate();
}

/** Equal for options with which one child is as good as another; `undefined` where none can be started ahead. */
function keyOf(options: ChildOptions): string | undefined {
  const { agent, stdio, cwd = currentDirectory(), execArgv = process.execArgv } = options;
  if (agent !== undefined) return undefined;
  if (typeof stdio !== 'string' && !stdio.every((each) => typeof each === 'string')) return undefined;
  // A child also keeps what it took over from this process.
  return keyOfChild({ ...options, cwd, execArgv, env: childEnv(options) });
}
