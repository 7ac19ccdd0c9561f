import type { MemberStats, poolCallOptions, poolOptions, PoolSize } from '../options/pool.js';
import type { Written } from '../options/option.js';
import type { AnyFunction } from './any-function.js';
import type { SettingOf } from './crossing.js';
import type { ListenerMembers } from './emitters.js';
import type { RemoteMethod } from './forms.js';
import type { ProcxyOptions } from './options.js';
import type { MethodKey, Procxy } from './procxy.js';
import type { Instance } from './results.js';

/**
 * The options of `procxyPool()`: those of `procxy()`, and its own. All may be left out.
 *
 * @example
 * ```ts
 * const options = { size: 4, maxQueue: 1000 } satisfies PoolOptions;
 * const renderers = await procxyPool(Renderer, './renderer.js', options, 'en');
 * ```
 */
export interface PoolOptions extends Omit<ProcxyOptions, 'restart'>, Written<typeof poolOptions> {}

/**
 * Options of single calls of a pool, for `$with()`.
 *
 * @example
 * ```ts
 * const urgent: PoolCallOptions = { key: 'user-42', timeout: 1000 };
 * await renderers.$with(urgent).render('# Title');
 * ```
 */
export interface PoolCallOptions extends Written<typeof poolCallOptions> {}

/**
 * What is known of an instance of a pool.
 *
 * @example
 * ```ts
 * const { instances } = await renderers.$stats();
 * const memory = instances.reduce((sum, { rss = 0 }: InstanceStats) => sum + rss, 0);
 * ```
 */
export interface InstanceStats extends MemberStats {
  /** Bytes of memory of its process; `undefined` before it has said so. */
  rss: number | undefined;
  /** ms of CPU time that its process has used; `undefined` before it has said so. */
  cpu: number | undefined;
  /** The share of time, from 0 to 1, in which its event loop was busy since the last look; `1` where it does not answer. */
  utilization: number | undefined;
}

/** Node's own histogram. */
export type Histogram = import('node:perf_hooks').RecordableHistogram;

/**
 * What is known of a pool.
 *
 * @example
 * ```ts
 * const { waiting, running, restarts }: PoolStats = await renderers.$stats();
 * console.log({ waiting, running, restarts });
 * ```
 */
export interface PoolStats {
  /** `'failed'` after too many crashes, `'closed'` after `$drain()` or `$terminate()`. */
  state: 'running' | 'draining' | 'closed' | 'failed';
  /** Calls that wait. */
  waiting: number;
  /** Calls that instances run. */
  running: number;
  /** How many times an instance was made again. */
  restarts: number;
  /** One entry for each instance. */
  instances: InstanceStats[];
  /** ms that calls have waited. */
  waitTime: Histogram;
  /** ms that calls have run. */
  runTime: Histogram;
}

/** A method that returns the instance itself resolves to the pool. */
type PoolMethods<T, O extends ProcxyOptions> = {
  readonly [K in keyof T as MethodKey<T, K, SettingOf<O>>]: RemoteMethod<T[K], Pooled<T, O>, SettingOf<O>>;
};

interface Pooled<T, O extends ProcxyOptions> extends Instance<T> {
  readonly proxy: PoolProxy<T, O>;
}

/**
 * Every method of the class, called on each instance.
 *
 * @example
 * ```ts
 * const results = await renderers.$all.render('# Title');
 * const failed = results.filter(({ status }) => status === 'rejected');
 * ```
 */
export type All<T, O extends ProcxyOptions> = {
  readonly [K in keyof T as MethodKey<T, K, SettingOf<O>>]: RemoteMethod<
    T[K],
    Pooled<T, O>,
    SettingOf<O>
  > extends infer F extends AnyFunction
    ? (...args: Parameters<F>) => Promise<PromiseSettledResult<Awaited<ReturnType<F>>>[]>
    : never;
};

/**
 * Equal instances of `T`, each in a child process, behind one object with their methods.
 * @typeParam T the class's instance type
 * @typeParam O the options it was made with
 * @example
 * ```ts
 * async function page(renderers: PoolProxy<Renderer>): Promise<string> {
 *   return renderers.render('# Title');
 * }
 * ```
 */
export type PoolProxy<T, O extends ProcxyOptions = object> = PoolMethods<T, O> &
  ListenerMembers<T> &
  PoolControls<T, O>;

/**
 * What every pool has of its own.
 *
 * @example
 * ```ts
 * await renderers.$use(async (renderer) => {
 *   await renderer.render('# One');
 *   await renderer.render('# Two'); // the same instance
 * });
 * ```
 */
export interface PoolControls<T, O extends ProcxyOptions> extends AsyncDisposable {
  /** Calls a method on every instance that is up, on each in its turn. Resolves to how each call has ended. */
  readonly $all: All<T, O>;
  /**
   * Runs a function with the proxy of one instance, which runs nothing else meanwhile. Resolves to what the function returns. The
   * proxy rejects every call afterwards.
   */
  $use<R>(use: (instance: Procxy<T, O>) => R | Promise<R>): Promise<Awaited<R>>;
  /** The same pool, with other options for the calls made through it. */
  $with(options: PoolCallOptions): PoolProxy<T, O>;
  /** Resolves when one more call would not reject with a {@link QueueFullError}. */
  $room(): Promise<void>;
  /** Changes how many instances there are. Resolves when those that are needed are up. */
  $resize(size: number | PoolSize): Promise<void>;
  /** Replaces all instances, one at a time. No call is rejected. Resolves when the last one has ended. */
  $recycle(): Promise<void>;
  /** Takes no more calls. Resolves when all that were made have ended, and the instances too. */
  $drain(): Promise<void>;
  /** Ends all instances: calls that wait or run reject. Resolves when the processes are gone; may be called again. */
  $terminate(): Promise<void>;
  /** What is known of the pool and its instances. One that does not answer within 250 ms counts as busy. */
  $stats(): Promise<PoolStats>;
}
