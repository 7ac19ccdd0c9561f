/** The functions of a promise for the next item of a stream, or for its end. */
export interface Waiter {
  resolve(result: IteratorResult<unknown>): void;
  reject(reason: unknown): void;
}
