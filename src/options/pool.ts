import { overridingOptions } from './calls.js';
import { fieldsOf, type GivenFields } from './fields.js';
import { delay, isPlainObject, kind, mustBe, timeLimit, whole, type Kind } from './kind.js';
import { option } from './option.js';
import { restart, withDefaults } from './restart.js';

/**
 * How many instances a pool has.
 *
 * @example
 * ```ts
 * const size: PoolSize = { min: 1, max: 8 };
 * const renderers = await procxyPool(Renderer, { size }, 'en');
 * ```
 */
export interface PoolSize {
  /** The least number of instances, which stay up. */
  min: number;
  /** The greatest number, when calls wait. */
  max: number;
}

const aFunction = kind<object>('a function', (value) => typeof value === 'function');

const size: Kind<number | PoolSize, PoolSize> = {
  check(value, path) {
    if (isPlainObject(value)) {
      const { min, max, ...rest } = value as { min?: unknown; max?: unknown };
      const isCount = (count: unknown): boolean => Number.isInteger(count) && (count as number) >= 1;
      if (isCount(min) && isCount(max) && (min as number) <= (max as number) && Object.keys(rest).length === 0)
        return undefined;
    } else if (whole(1).check(value, path) === undefined) return undefined;
    return mustBe(path, 'a whole number, 1 or more, or { min, max } of such numbers', value);
  },
  read: (value) => (typeof value === 'number' ? { min: value, max: value } : value),
};

export const poolSize = size;

const recycleFields = {
  /** How many calls an instance runs before another takes its place. @default Infinity */
  calls: whole(1),
  /** ms that an instance lives before another takes its place. @default Infinity */
  age: delay(1),
  /** Bytes of memory of its process, as `process.memoryUsage.rss()` counts, after which another takes its place. @default Infinity */
  rss: whole(1, 'bytes'),
};

/**
 * When an instance of a pool is replaced. Calls that it runs end there.
 *
 * @example
 * ```ts
 * const recycle: Recycle = { calls: 10_000 };
 * const renderers = await procxyPool(Renderer, { recycle }, 'en');
 * ```
 */
export interface Recycle extends GivenFields<typeof recycleFields> {}

/**
 * What a pool knows of an instance without asking it.
 *
 * @example
 * ```ts
 * const isIdle = ({ state, running }: MemberStats): boolean => state === 'up' && running === 0;
 * ```
 */
export interface MemberStats {
  /** The id of its process. */
  pid: number | undefined;
  /** `'starting'`, `'up'`, `'down'` after a crash, or `'retiring'` while another takes its place. */
  state: 'starting' | 'up' | 'down' | 'retiring' | 'failed' | 'over';
  /** Calls that it runs now. */
  running: number;
  /** Calls that it has been given so far. */
  calls: number;
  /** How many times it was made again. */
  restarts: number;
}

/**
 * Picks the instance for a call: an index into the instances that can take it now.
 *
 * @example
 * ```ts
 * // The instance that has run the fewest calls.
 * const choose: Choose = (instances) => {
 *   const counts = instances.map(({ calls }) => calls);
 *   return counts.indexOf(Math.min(...counts));
 * };
 * const renderers = await procxyPool(Renderer, { size: 4, choose }, 'en');
 * ```
 */
export type Choose = (instances: readonly MemberStats[], call: { method: string; key: string | undefined }) => number;

/** What `procxyPool()` takes besides the options of `procxy()`. */
export const poolOptions = {
  /**
   * How many instances there are: a number, or `{ min, max }`. Between the two, one is started where a call has to wait.
   * @default os.availableParallelism()
   */
  size: option(size, { fixedAtStart: false, remedy: 'For example: { size: 4 } or { size: { min: 1, max: 8 } }.' }),
  /**
   * How many calls an instance runs at a time.
   * @default 1
   */
  concurrency: option(whole(1), { default: 1, fixedAtStart: false, remedy: 'Use 1 for methods that need the CPU.' }),
  /**
   * How many calls may wait. One more rejects with a {@link QueueFullError}.
   * @default 10000
   */
  maxQueue: option(whole(0), { default: 10_000, fixedAtStart: false, remedy: 'Use 0 to let no call wait.' }),
  /**
   * ms that a call may wait; `0` or `Infinity` for no limit. It then rejects with a {@link QueueTimeoutError}.
   * @default Infinity
   */
  queueTimeout: option(timeLimit, {
    default: Infinity,
    fixedAtStart: false,
    remedy: 'Use 0 or Infinity for no limit.',
  }),
  /**
   * ms without a call after which an instance above `size.min` ends; `0` or `Infinity`: never.
   * @default Infinity
   */
  idleTimeout: option(timeLimit, { default: Infinity, fixedAtStart: false, remedy: 'Use 0 or Infinity for no limit.' }),
  /**
   * Which instance gets a call: `'least-busy'`, `'round-robin'`, or a function that picks one.
   * @default 'least-busy'
   */
  choose: option(
    kind<'least-busy' | 'round-robin' | Choose>(
      "'least-busy', 'round-robin' or a function",
      (value) => value === 'least-busy' || value === 'round-robin' || typeof value === 'function',
    ),
    {
      default: 'least-busy',
      fixedAtStart: false,
      remedy: 'A function gets the free instances, and returns the index of one.',
    },
  ),
  /**
   * When an instance is replaced by a new one: after so many calls or ms, or when its process holds so many bytes.
   * @default never
   */
  recycle: option(fieldsOf(recycleFields) as Kind<Recycle>, {
    fixedAtStart: false,
    remedy: 'For example: { recycle: { calls: 10_000, rss: 500e6 } }.',
  }),
  /**
   * Called with the proxy of each new instance, and awaited before its first call: also after a restart, and for instances that come
   * later.
   * @default none
   */
  // Its parameter depends on the class, and so stands in the type of the options of `procxyPool()`.
  setup: option(aFunction, { fixedAtStart: false, remedy: 'For example: { setup: (proxy) => proxy.load(path) }.' }),
  /**
   * Called with the last crash when an instance has used up its restarts.
   * @default none
   */
  onFailed: option(
    kind<(crash: Error) => void>('a function', (value) => typeof value === 'function'),
    {
      fixedAtStart: false,
      remedy: 'For example: { onFailed: (crash) => console.error(crash) }.',
    },
  ),
  /**
   * When and how an instance that has ended is made again. `false`: it is not.
   * @default true
   */
  restart: option(restart, { default: withDefaults({}), fixedAtStart: false, remedy: 'Use false for none.' }),
};

/** Options of single calls, for `$with()` of a pool. */
export const poolCallOptions = {
  ...overridingOptions,
  /** Calls of one key run on one instance, in their order. */
  key: option(
    kind<string>('a string', (value) => typeof value === 'string'),
    {
      fixedAtStart: false,
      remedy: "For example: { key: 'user-42' }.",
    },
  ),
};
