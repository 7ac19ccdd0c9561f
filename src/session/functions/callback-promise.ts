import { callbackResult } from '../../codec/refusals.js';
import { captureCallSite } from '../calls/call-site.js';
import { RemoteResult } from '../calls/remote-result.js';

/**
 * What a proxy function returns. It knows whether anybody waits for it, so that a failure which nobody sees can be
 * reported without ending the process, as an unhandled rejection would.
 */
export class CallbackPromise<T = unknown> extends RemoteResult<T> {
  static {
    // Not a plain Promise's, so that `await` and the combinators come to `then`.
    Object.defineProperty(this.prototype, 'constructor', { value: this, configurable: true, writable: true });
    Object.defineProperty(this.prototype, callbackResult, { value: true });
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
    if (!onFulfilled && isEventTarget(this.then)) return super.then(undefined, () => undefined as B);
    this.isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }

  /** To be called before it rejects: no unhandled rejection comes of it. */
  ignoreRejection(): void {
    super.then(undefined, () => {});
  }
}

/**
 * Whether an `EventTarget` calls this function. It throws what a listener's promise rejects with as an uncaught error, although
 * nobody waits for that promise.
 */
function isEventTarget(then: (...args: never[]) => unknown): boolean {
  const { stack } = captureCallSite(then);
  return typeof stack === 'string' && stack.includes('(node:internal/event_target:');
}
