import timers from 'node:timers';

/**
 * The real timers, ticks and microtasks, out of reach of a test's fake clock. Nothing else in this package uses the global ones.
 *
 * Three things keep them real:
 * - They are taken when this file loads, so that a clock which is faked later does not matter.
 * - Timers come from `node:timers`: under jsdom the global ones are jsdom's, which return numbers.
 * - A clock that was faked earlier has replaced `node:timers` too, for `import` and `require()` alike. Jest, Vitest and Sinon all fake
 *   with `@sinonjs/fake-timers`, whose fakes name their clock, and the clock keeps the original of `setTimeout` as `_setTimeout`.
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

/** The longest delay of a timer, in ms. Node fires a timer with a longer one at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Whether Node can deliver what this process receives, which it does by `process.nextTick`. */
export function hasRealTicks(of: Pick<NodeJS.Process, 'nextTick'>): boolean {
  return of.nextTick === nextTick;
}

/**
 * Puts the real `process.nextTick` back where a fake clock has replaced it.
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
 * ms, of a clock that only goes forward: what `performance.now()` is. The first look at `performance` loads modules of 0.8 MB in
 * Node 20, which no child should do for a clock.
 */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
