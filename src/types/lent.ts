import type { AnyFunction } from './any-function.js';

declare const lent: unique symbol;

/** Only in types: what a lent object is. */
export interface LentMark<T> {
  readonly [lent]: T;
}

/**
 * An object that one process lends to another: what a method declares for a parameter that takes one, and what `byReference()` makes.
 * It has the object's methods, each of which gives a promise, and nothing else of it.
 */
export type Lent<T> = {
  readonly [K in keyof T as T[K] extends AnyFunction ? Exclude<K, symbol> : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
} & LentMark<T> &
  Disposable & {
    /** Lets go of the object before the garbage collector does. Returns whether it was held. */
    $release(): boolean;
  };
