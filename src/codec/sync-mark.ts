import type { AnyFunction } from '../types/any-function.js';
import type { SyncCallback } from '../types/callbacks.js';

/** Of the global registry, since two copies of this library may meet in one process. */
const mark = Symbol.for('procxy.sync');
/** The same function is marked once, so that it stays the same over there. */
const marked = new WeakMap<AnyFunction, AnyFunction>();

/**
 * Marks a function so that it can be called synchronously in the child: there its caller blocks until the function, or the
 * promise that it returns, has given its value. It goes from a parent to its child only. Called here, it is just called.
 * @throws {TypeError} when `fn` is no function
 */
export function sync<A extends unknown[], R>(fn: (...args: A) => R | PromiseLike<R>): SyncCallback<A, R> {
  if (typeof fn !== 'function') throw new TypeError(`sync() takes a function; it is a ${typeof fn}.`);
  const known = isSync(fn) ? fn : marked.get(fn);
  if (known) return known as SyncCallback<A, R>;
  const wrapper = function (this: unknown, ...args: A): unknown {
    return Reflect.apply(fn, this, args);
  };
  Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
    [mark]: { value: true },
  });
  marked.set(fn, wrapper);
  return wrapper as unknown as SyncCallback<A, R>;
}

export function isSync(fn: object): boolean {
  return mark in fn;
}

/** What `sync()` has made of a function, if it has. */
export function syncOf(fn: AnyFunction): AnyFunction | undefined {
  return marked.get(fn);
}
