import { fieldsOf, type GivenFields } from './fields.js';
import { delay, isPlainObject, kind, mustBe, oneOf, timeLimit, whole, type Kind } from './kind.js';
import { option } from './option.js';

const restartFields = {
  /**
   * How many crashes within `within` ms are followed by a new start. One more, and the proxy fails for good.
   * @default 5
   */
  maxRestarts: whole(0),
  /**
   * ms for which a crash counts. After as long without one, the delay is `minDelay` again.
   * @default 30000
   */
  within: delay(0),
  /**
   * ms from a crash to the next start. It doubles with each crash, and up to a quarter is added at random.
   * @default 100
   */
  minDelay: delay(0),
  /**
   * ms that the delay becomes at most.
   * @default 10000
   */
  maxDelay: delay(0),
  /**
   * What becomes of calls that are made while there is no child. `'wait'`: they wait for the next one. `'reject'`: they reject with the
   * crash.
   * @default 'wait'
   */
  whileDown: oneOf('wait', 'reject'),
  /**
   * How many calls may wait. One more rejects with a {@link QueueFullError}.
   * @default 10000
   */
  maxQueue: whole(0),
  /**
   * ms that a call may wait; `0` or `Infinity` for no limit. It then rejects with a {@link QueueTimeoutError}.
   * @default Infinity
   */
  queueTimeout: timeLimit,
  /** A function. `procxy()` and `procxyPool()` derive its parameters from the class: a signature here would hide theirs. */
  onRestart: kind<object>('a function', (value) => typeof value === 'function'),
};

/** A `Restart` for any class. */
export interface AnyRestart extends GivenFields<typeof restartFields> {}

export type ResolvedRestart = {
  [K in Exclude<keyof AnyRestart, 'onRestart'>]-?: Exclude<AnyRestart[K], undefined>;
} & { onRestart: ((proxy: object, crash: Error) => unknown) | undefined };

export const restart: Kind<boolean | AnyRestart, ResolvedRestart | undefined> = {
  check(value, path) {
    if (typeof value === 'boolean') return undefined;
    if (!isPlainObject(value)) return mustBe(path, 'true, false or an object', value);
    return fieldsOf(restartFields).check(value, path);
  },
  read: (value) => (value === false ? undefined : withDefaults(value === true ? {} : value)),
};

export function withDefaults({
  maxRestarts = 5,
  within = 30_000,
  minDelay = 100,
  maxDelay = 10_000,
  whileDown = 'wait',
  maxQueue = 10_000,
  queueTimeout = Infinity,
  onRestart,
}: AnyRestart): ResolvedRestart {
  return {
    maxRestarts,
    within,
    minDelay,
    maxDelay,
    whileDown,
    maxQueue,
    queueTimeout: timeLimit.read(queueTimeout),
    onRestart: onRestart as ResolvedRestart['onRestart'],
  };
}

export const restartOptions = {
  /**
   * Starts a new child behind the same proxy when one ends in any way but `$terminate()` or `signal`. The new instance gets the same
   * constructor arguments. `true`, or an object that says when and how.
   * @default false
   */
  restart: option(restart, {
    fixedAtStart: false,
    remedy: 'For example: { restart: { maxRestarts: 5, within: 30_000 } }.',
  }),
};
