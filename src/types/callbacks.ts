/**
 * A function that its caller in the child waits for: what `sync()` makes.
 * @typeParam A its parameters, @typeParam R what the child gets
 */
export interface SyncCallback<A extends unknown[] = never[], R = unknown> {
  (...args: A): R;
  /** Only `sync()` makes one: a plain function would hand the child a promise where it expects a value. */
  readonly __wrap_the_function_in_sync: true;
}

/**
 * What a method declares for a function that comes from the other process: calling it gives a promise there, and the function
 * passed may be an ordinary or an `async` one.
 * @typeParam Args its parameters, @typeParam Return what it returns, or resolves to
 */
export type Callback<Args extends unknown[] = [], Return = void> = (...args: Args) => Return | Promise<Return>;
