import { setTimeout } from '../clock.js';
import type { Self } from '../codec/transfer-handlers.js';
import { OptionsValidationError } from '../errors.js';
import { currentDirectory } from '../start-directory.js';
import type { ProcxyOptions } from '../types/options.js';
import { callerUrl } from './caller.js';
import { Connection } from './connection.js';
import { childEnv } from './launch/environment.js';
import { startLocalChild } from './local-child.js';
import { locateAgent } from './locate-agent.js';
import { keyOfChild, type ChildOptions } from './options/child-options.js';
import { readArguments } from './options/read-arguments.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { proxyHandler } from './proxy.js';

/** A child that has no instance yet. */
export interface Prepared {
  connection: Connection;
  /** The proxy, once there is one. It crosses as the instance. */
  self: Self;
}

/**
 * Connects to a worker, which will be told later which class to load.
 * @param worker the place for the instance. Default: a new child process
 */
export function prepare(options: ChildOptions, worker = startLocalChild(options)): Prepared {
  const self: Self = { current: undefined };
  const connection: Connection = new Connection(worker, options, self, [proxyHandler(self, () => connection)]);
  return { connection, self };
}

interface Pool {
  options: ResolvedOptions;
  wanted: number;
  /** The spare children. Each promise resolves when its child is ready to load a class. */
  readonly spares: Map<Prepared, Promise<void>>;
}

/** How long after a child was taken the next one is started, in ms. */
const REFILL_DELAY = 20;
let isRefilling = false;

/** Pools of spare children, by the options that a running child cannot change. */
const pools = new Map<string, Pool>();

/**
 * Keeps `count` spare children running, of about 40 MB each. A call of `procxy()` with the same options takes one, and another is
 * started in its place. `0` ends the spare children. They do not keep this process alive.
 *
 * Options that concern only the instance or its calls (`modulePath`, `timeout`, `retries`, `mirror`, `signal`, …) may differ.
 * A spare child has the environment and the working directory of the time when it was started. After a change of either, a call
 * starts a new child.
 *
 * @returns a promise that resolves when the children are ready
 * @throws {OptionsValidationError} for an invalid count or option
 * @throws {ChildCrashedError} if a child cannot be started
 */
export async function keepSpares(count: number, options: ProcxyOptions = {}): Promise<void> {
  if (!Number.isInteger(count) || count < 0) {
    throw new OptionsValidationError(
      `procxy.warm() needs the number of children to keep, 0 or more, but got ${String(count)}.`,
    );
  }
  const resolved = readArguments([options]).options;
  // There is no child to start.
  if (resolved.inProcess) return;
  if (resolved.agent !== undefined) {
    throw new OptionsValidationError(
      'procxy.warm() cannot start children with the option `agent`, since an agent already has its class. Leave `agent` out.',
    );
  }
  locateAgent(resolved, callerUrl(keepSpares as (...args: never[]) => unknown));
  const key = keyOf(resolved);
  if (key === undefined) {
    throw new OptionsValidationError(
      "procxy.warm() cannot start children with streams or descriptors in `stdio`. Use names such as 'pipe' and 'inherit'.",
    );
  }
  const pool = pools.get(key) ?? { options: resolved, wanted: 0, spares: new Map() };
  pools.set(key, pool);
  pool.wanted = count;
  const surplus = [...pool.spares.keys()].slice(count);
  await Promise.all([...surplus.map((spare) => end(pool, spare)), fill(pool)]);
  if (pool.wanted === 0 && pool.spares.size === 0) pools.delete(key);
}

/** Takes a spare child with these options, if there is one. */
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

/** Call it after a child was taken and its instance has started. */
export function refillSpares(): void {
  if (pools.size === 0 || isRefilling) return;
  isRefilling = true;
  // Not immediately: starting a process would delay the caller who has just got the other one.
  setTimeout(() => {
    isRefilling = false;
    // After a failure, the next call starts its own child, and reports the error.
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

/** Returns the same key for options whose children are interchangeable, or `undefined` if there can be no spare children. */
function keyOf(options: ChildOptions): string | undefined {
  const { agent, stdio, cwd = currentDirectory(), execArgv = process.execArgv } = options;
  if (agent !== undefined) return undefined;
  if (typeof stdio !== 'string' && !stdio.every((each) => typeof each === 'string')) return undefined;
  // A child also keeps what it inherited from this process.
  return keyOfChild({ ...options, cwd, execArgv, env: childEnv(options) });
}
