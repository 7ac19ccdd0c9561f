import type { AnyFunction } from '../types/any-function.js';
import type { SyncCallback } from '../types/callbacks.js';

/** In the global symbol registry, since a process may contain two copies of this library. */
const mark = Symbol.for('procxy.sync');
/** The wrappers of marked functions. A function has only one, so that it also keeps its identity in the child. */
const marked = new WeakMap<AnyFunction, AnyFunction>();

/**
 * Marks a function so that the child can call it synchronously. Its caller there blocks until the function returns, or the
 * promise that it returns settles. It can only be passed from a parent to its child. In this process, it is an ordinary function.
 * @throws {TypeError} if `fn` is not a function
 * @example
 * ```ts
 * const texts = await procxy(Texts, { enableCallbacks: true });
 * // sorted() passes the function to Array.sort(), which does not await it.
 * await texts.sorted(sync((a: string, b: string) => a.localeCompare(b, 'sv')));
 * ```
 */
export function sync<A extends unknown[], R>(fn: (...args: A) => R | PromiseLike<R>): SyncCallback<A, R> {
  if (typeof fn !== 'function')
    throw new TypeError(
      `sync() needs a function, but got a value of type ${typeof fn}. Pass the function itself: sync(fn).`,
    );
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

/** Returns the function that `sync()` returned for `fn`, if it was marked. */
export function syncOf(fn: AnyFunction): AnyFunction | undefined {
  return marked.get(fn);
}
