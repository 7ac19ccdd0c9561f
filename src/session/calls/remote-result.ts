/**
 * The result of a call to the other side: a promise, which `for await` can also iterate without awaiting it first.
 * It has no `next`, `return` or `throw`, since some libraries would then treat it as an iterator instead of a promise.
 */
export class RemoteResult<T> extends Promise<T> implements AsyncIterable<unknown> {
  static {
    // So that `then()` returns a plain promise, and `await` takes its fast path without calling `then`.
    Object.defineProperty(this.prototype, 'constructor', { value: Promise, configurable: true, writable: true });
  }

  static failed(reason: unknown): RemoteResult<never> {
    return new RemoteResult((_resolve, reject) => reject(reason));
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown, unknown> {
    return new ResultIterator(this);
  }
}

type AnyIterator = AsyncIterator<unknown, unknown, unknown> | Iterator<unknown, unknown, unknown>;

/** Iterates over a result that may not have arrived yet. */
class ResultIterator implements AsyncIterator<unknown, unknown, unknown> {
  readonly #result: PromiseLike<unknown>;
  #opening: PromiseLike<AnyIterator> | undefined;

  constructor(result: PromiseLike<unknown>) {
    this.#result = result;
  }

  async next(...args: [] | [unknown]): Promise<IteratorResult<unknown, unknown>> {
    return (await this.#open()).next(...args);
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    const iterator = await this.#open();
    return iterator.return ? iterator.return(value) : { done: true, value };
  }

  async throw(reason: unknown): Promise<IteratorResult<unknown, unknown>> {
    const iterator = await this.#open();
    if (!iterator.throw) throw reason;
    return iterator.throw(reason);
  }

  #open(): PromiseLike<AnyIterator> {
    return (this.#opening ??= this.#result.then(iteratorOf));
  }
}

function iteratorOf(value: unknown): AnyIterator {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = Object(value) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (asynchronous) return Reflect.apply(asynchronous, value, []);
  if (synchronous) return Reflect.apply(synchronous, value, []);
  throw new TypeError('for await was used on the result of a call, but the result is not iterable. Await it instead.');
}
