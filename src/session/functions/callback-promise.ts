import { RemoteResult } from '../calls/remote-result.js';

/**
 * What a proxy function returns. It knows whether anybody waits for it, so that a failure which nobody sees can be
 * reported without ending the process, as an unhandled rejection would.
 */
export class CallbackPromise<T = unknown> extends RemoteResult<T> {
  static {
    // Not a plain Promise's, so that `await` and the combinators come to `then`.
    Object.defineProperty(this.prototype, 'constructor', { value: this, configurable: true, writable: true });
  }

  /** What is derived from it is an ordinary promise, and its owner's concern. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  isAwaited = false;

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }

  /** To be called before it rejects: no unhandled rejection comes of it. */
  ignoreRejection(): void {
    super.then(undefined, () => {});
  }
}
