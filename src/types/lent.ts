import type { AnyFunction } from './any-function.js';

declare const lent: unique symbol;

/** Exists only in types: the type of the object that is lent. */
export interface LentMark<T> {
  readonly [lent]: T;
}

/**
 * An object that one process lends to another. `byReference()` returns this type, and a method declares it for its parameter. It has
 * only the object's methods, and each returns a promise.
 *
 * @example
 * ```ts
 * export class Jobs {
 *   async run(log: Lent<Console>): Promise<void> {
 *     await log.info('done'); // runs in the parent
 *   }
 * }
 * ```
 */
export type Lent<T> = {
  readonly [K in keyof T as T[K] extends AnyFunction ? Exclude<K, symbol> : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
} & LentMark<T> &
  Disposable & {
    /** Releases the object before the garbage collector does. Returns whether it was still held. */
    $release(): boolean;
  };
