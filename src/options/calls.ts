import { isString } from '../field-checks.js';
import { kind, numberWithin, oneOf, timeLimit, whole } from './kind.js';
import { isAbortSignal } from '../realm.js';
import { option } from './option.js';

const signal = kind<AbortSignal>('an AbortSignal', isAbortSignal);

/** How calls are made, and what is read without one. */
export const callingOptions = {
  /**
   * ms that a call may take; `0` or `Infinity` for no limit. It then rejects with a {@link TimeoutError}. The child keeps running
   * the method, and a late result is dropped.
   * @default 30000
   */
  timeout: option(timeLimit, { default: 30_000, fixedAtStart: false, remedy: 'Use 0 or Infinity for no limit.' }),
  /**
   * What happens to a child whose call has timed out, after the last retry. `'keep'`: it keeps running. `'terminate'`: it is killed
   * immediately, and its other open calls reject with a {@link ChildCrashedError}.
   * @default 'keep'
   */
  onTimeout: option(oneOf('keep', 'terminate'), {
    default: 'keep',
    fixedAtStart: false,
    remedy: "Use 'terminate' to kill a child that does not answer in time.",
  }),
  /**
   * Further attempts after a {@link TimeoutError}. Each runs the method again, so use them only for idempotent methods.
   * @default 0
   */
  retries: option(whole(0), { default: 0, fixedAtStart: false, remedy: 'Use 0 to make each call once.' }),
  /**
   * Which properties can be read on the proxy without a round trip. `true`: own data properties whose name does not
   * begin with `_`. `false`: none. An array: only these. Getters among them run at every flush.
   * @default true
   */
  mirror: option(
    kind<boolean | readonly string[]>(
      'true, false or an array of property names',
      (value) => typeof value === 'boolean' || (Array.isArray(value) && value.every(isString)),
    ),
    { default: true, fixedAtStart: false, remedy: "For example: { mirror: ['size'] }." },
  ),
  /**
   * Bytes of properties that are mirrored, in total. Read a larger property with `$get()`.
   * @default 16384
   */
  mirrorLimit: option(whole(0, 'bytes'), {
    default: 16 * 1024,
    fixedAtStart: false,
    remedy: 'To mirror nothing, use { mirror: false }.',
  }),
  /**
   * µs for which the event loops of both processes stay awake after a message, up to a second. Sequential calls then save the time
   * it takes to wake a process, at the cost of CPU time. Each process needs its own core. With a single core, it has no effect.
   * @default 0
   */
  busyPoll: option(numberWithin(0, 1e6, 'µs'), {
    default: 0,
    fixedAtStart: false,
    remedy: '50 is a good start if each process has its own core.',
  }),
  /**
   * Terminates the child when it aborts.
   * @default none
   */
  signal: option(signal, { fixedAtStart: false, remedy: 'Pass the `signal` of an AbortController.' }),
};

/** Options of single calls, for `$with()`. */
export const overridingOptions = {
  /** ms that a call may take; `0` or `Infinity` for no limit. */
  timeout: callingOptions.timeout,
  /** When it aborts, the call rejects immediately with its reason. The child keeps running the method. */
  signal: callingOptions.signal,
};
