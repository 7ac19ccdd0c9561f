const mark = Symbol.for('procxy.sync');
const wrappers = new WeakMap<object, (...args: never[]) => unknown>();

export function sync<A extends unknown[], R>(fn: (...args: A) => R | PromiseLike<R>): (...args: A) => R {
  if (typeof fn !== 'function') throw new TypeError(`sync() takes a function; it is a ${typeof fn}.`);
  let wrapper = wrappers.get(fn);
  if (!wrapper) {
    wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(fn, this, args);
    };
    Object.defineProperties(wrapper, {
      name: { value: fn.name, configurable: true },
      length: { value: fn.length, configurable: true },
      [mark]: { value: true },
    });
    wrappers.set(fn, wrapper);
  }
  return wrapper as (...args: A) => R;
}

export function isSync(fn: object): boolean {
  return mark in fn;
}
