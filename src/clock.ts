import timers from 'node:timers';

/**
 * Returns the real version of a timer function, even if a test has installed a fake clock. No other file in this package uses the
 * global functions.
 *
 * Three measures keep them real:
 * - They are read when this file loads, so that a clock that is faked later has no effect.
 * - Timers come from `node:timers`. Under jsdom, the global timers are jsdom's, which return numbers.
 * - A clock that was faked earlier has replaced `node:timers` too, for both `import` and `require()`. Jest, Vitest and Sinon all
 *   use `@sinonjs/fake-timers`. Its fakes have a property `clock`, which keeps the original `setTimeout` as `_setTimeout`.
 */
function real<Name extends string, F extends object>(name: Name, given: F): F {
  const { clock } = given as { clock?: Readonly<Record<`_${Name}`, F | undefined>> };
  return clock?.[`_${name}`] ?? given;
}

export const setTimeout = real('setTimeout', timers.setTimeout);
export const clearTimeout = real('clearTimeout', timers.clearTimeout);
export const setInterval = real('setInterval', timers.setInterval);
export const clearInterval = real('clearInterval', timers.clearInterval);
export const setImmediate = real('setImmediate', timers.setImmediate);
export const clearImmediate = real('clearImmediate', timers.clearImmediate);
export const nextTick = real('nextTick', process.nextTick);
export const queueMicrotask = real('queueMicrotask', globalThis.queueMicrotask);

/** The longest delay of a timer, in ms. Node fires a timer with a longer delay immediately. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Whether `process.nextTick` is real. Node needs it to deliver the messages that a process receives. */
export function hasRealTicks(of: Pick<NodeJS.Process, 'nextTick'>): boolean {
  return of.nextTick === nextTick;
}

/**
 * Restores the real `process.nextTick` if a fake clock has replaced it.
 * @returns whether it was faked
 */
export function restoreNextTick(): boolean {
  const original = real('nextTick', process.nextTick);
  if (process.nextTick === original) return false;
  process.nextTick = original;
  return true;
}

const hrtime = real('hrtime', process.hrtime);

/**
 * Returns the time of a monotonic clock in ms, like `performance.now()`. The first access to `performance` would load 0.8 MB of
 * modules in Node 20.
 */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

type Utilization = ReturnType<typeof import('node:perf_hooks').performance.eventLoopUtilization>;
let lastLook: Utilization | undefined;

/** The share of time, from 0 to 1, in which the event loop was busy since the last look. The first look loads modules of 0.8 MB. */
export function loopUtilization(): number {
  const { performance } = process.getBuiltinModule('node:perf_hooks');
  const look = performance.eventLoopUtilization();
  const { utilization } = lastLook ? performance.eventLoopUtilization(look, lastLook) : look;
  lastLook = look;
  return utilization;
}
