/**
 * A function made by `sync()`. Its caller in the child blocks until it returns.
 * @typeParam A its parameters, @typeParam R what the child gets
 * @example
 * ```ts
 * export class Tables {
 *   sorted(rows: string[], compare: SyncCallback<[string, string], number>): string[] {
 *     return rows.sort(compare);
 *   }
 * }
 * ```
 */
export interface SyncCallback<A extends unknown[] = never[], R = unknown> {
  (...args: A): R;
  /** Only `sync()` makes such a function. With a plain function, the child would get a promise instead of a value. */
  readonly __wrap_the_function_in_sync: true;
}

/**
 * The type for a method's parameter that is a function of the other process. Calling it returns a promise. You can pass a plain
 * or an `async` function.
 * @typeParam Args its parameters, @typeParam Return what it returns, or resolves to
 * @example
 * ```ts
 * export class Downloads {
 *   async fetch(url: string, onProgress: Callback<[received: number]>): Promise<number> {
 *     await onProgress(0);
 *     return url.length;
 *   }
 * }
 * ```
 */
export type Callback<Args extends unknown[] = [], Return = void> = (...args: Args) => Return | Promise<Return>;
