/**
 * What a call to the other side returns: a promise of the result, which can also be iterated over at once where the result is
 * something to iterate over.
 */
export class RemoteResult<T> extends Promise<T> implements AsyncGenerator<unknown, unknown, unknown> {
  static {
    // What is derived from it is an ordinary promise, and `await` treats it as one, without calling `then`.
    Object.defineProperty(this.prototype, 'constructor', { value: Promise, configurable: true, writable: true });
  }

  static failed(reason: unknown): RemoteResult<never> {
    return new RemoteResult((_resolve, reject) => reject(reason));
  }

  async next(...args: [] | [unknown]): Promise<IteratorResult<unknown, unknown>> {
    // Once it is there, the result is not asked by way of this promise any more.
    return (iterators.get(this) ?? (await this.#open())).next(...args);
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

  [Symbol.asyncIterator](): AsyncGenerator<unknown, unknown, unknown> {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined);
  }

  #open(): Promise<AnyIterator> {
    let opening = openings.get(this);
    if (!opening) {
      opening = this.then((value) => {
        const iterator = iteratorOf(value);
        iterators.set(this, iterator);
        return iterator;
      });
      openings.set(this, opening);
    }
    return opening;
  }
}

/** Of the few that are iterated over: not fields, which each call would pay for. */
const openings = new WeakMap<RemoteResult<unknown>, Promise<AnyIterator>>();
const iterators = new WeakMap<RemoteResult<unknown>, AnyIterator>();

type AnyIterator = AsyncIterator<unknown, unknown, unknown> | Iterator<unknown, unknown, unknown>;

function iteratorOf(value: unknown): AnyIterator {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = Object(value) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (asynchronous) return Reflect.apply(asynchronous, value, []);
  if (synchronous) return Reflect.apply(synchronous, value, []);
  throw new TypeError('The result of the call cannot be iterated over: await it instead.');
}
