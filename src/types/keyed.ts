import type { keyedOptions } from '../options/keyed.js';
import type { Written } from '../options/option.js';
import type { SettingOf } from './crossing.js';
import type { ListenerMembers } from './emitters.js';
import type { RemoteMethod } from './forms.js';
import type { CallOverrides, ProcxyOptions } from './options.js';
import type { Histogram } from './pool.js';
import type { MethodKey } from './procxy.js';
import type { Instance } from './results.js';

/**
 * The options of `procxyKeyed()`: those of `procxy()` but `restart`, and its own. All may be left out.
 *
 * @example
 * ```ts
 * const options = { maxInstances: 100, idleTimeout: 60_000 } satisfies KeyedOptions;
 * const carts = procxyKeyed(Cart, './cart.js', options);
 * ```
 */
export interface KeyedOptions extends Omit<ProcxyOptions, 'restart'>, Written<typeof keyedOptions> {}

/** A method that returns the instance itself resolves to this proxy. */
type KeyedMethods<T, O extends ProcxyOptions> = {
  readonly [K in keyof T as MethodKey<T, K, SettingOf<O>>]: RemoteMethod<T[K], Keyed<T, O>, SettingOf<O>>;
};

interface Keyed<T, O extends ProcxyOptions> extends Instance<T> {
  readonly proxy: KeyedProxy<T, O>;
}

/**
 * The instance of a key, whether it lives now or not: its methods and events, and no properties.
 * @typeParam T the class's instance type
 * @typeParam O the options
 * @example
 * ```ts
 * async function add(cart: KeyedProxy<Cart>, item: string): Promise<void> {
 *   await cart.add(item);
 * }
 * ```
 */
export type KeyedProxy<T, O extends ProcxyOptions = object> = KeyedMethods<T, O> &
  ListenerMembers<T> & {
    /** The same, with other options for the calls made through it. */
    $with(options: CallOverrides): KeyedProxy<T, O>;
  };

/**
 * What is known of the instances by key.
 *
 * @example
 * ```ts
 * const { instances, waiting }: KeyedStats = await carts.$stats();
 * console.log(`${instances.length} instances, ${waiting} calls wait`);
 * ```
 */
export interface KeyedStats {
  /** `'closed'` after `$drain()` or `$terminate()`. */
  state: 'running' | 'draining' | 'closed';
  /** Calls that wait. */
  waiting: number;
  /** Calls that instances run. */
  running: number;
  /** The instances that live, each with its key. */
  instances: {
    key: string;
    pid: number | undefined;
    state: 'starting' | 'up' | 'saving' | 'ending';
    /** Calls that it runs now. */
    running: number;
    /** Calls that the key's instances have been given so far. */
    calls: number;
    /** Bytes of memory of its process, which others may share; `undefined` before it has said so. */
    rss: number | undefined;
    /** ms of CPU time that its process has used; `undefined` before it has said so. */
    cpu: number | undefined;
    /** The share of time, from 0 to 1, in which the event loop of its process was busy since the last look; `1` where it does not answer. */
    utilization: number | undefined;
  }[];
  /** ms that calls have waited. */
  waitTime: Histogram;
  /** ms that calls have run. */
  runTime: Histogram;
}

/**
 * Instances of `T` by key, each made when it is first called.
 *
 * @example
 * ```ts
 * async function add(carts: ProcxyKeyed<Cart>, user: string, item: string): Promise<void> {
 *   await carts.get(user).add(item);
 * }
 * ```
 */
export interface ProcxyKeyed<T, O extends ProcxyOptions = object> extends AsyncDisposable {
  /** The instance of a key. Making one, where there is none, is left to the first call. */
  get(key: string): KeyedProxy<T, O>;
  /**
   * Takes no more calls, waits for all that were made, saves every instance and ends it.
   * @throws {AggregateError} where instances could not be saved: they live on, and everything goes on as before
   */
  $drain(): Promise<void>;
  /** Ends all instances without saving them. Calls that wait or run reject. */
  $terminate(): Promise<void>;
  /** What is known of the keys. A process that does not answer within 250 ms counts as busy. */
  $stats(): Promise<KeyedStats>;
}
