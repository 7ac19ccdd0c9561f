import { callbackResult } from '../../codec/refusals.js';
import { captureCallSite } from './call-site.js';
import { RemoteResult } from './remote-result.js';

/**
 * The promise that a proxy function returns. It knows whether it is awaited, so that a failure nobody awaits can be reported.
 * As an unhandled rejection it would end the process.
 */
export class CallbackPromise<T = unknown> extends RemoteResult<T> {
  static {
    // Its own constructor, so that `await` and the combinators call its `then`.
    Object.defineProperty(this.prototype, 'constructor', { value: this, configurable: true, writable: true });
    Object.defineProperty(this.prototype, callbackResult, { value: true });
  }

  /** Derived promises are plain ones: handling their rejections is up to the user's code. */
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

  /** Call it before rejecting, to avoid an unhandled rejection. */
  ignoreRejection(): void {
    super.then(undefined, () => {});
  }
}

/**
 * Whether an `EventTarget` calls this function. It attaches a handler to a listener's promise only to rethrow a rejection as an
 * uncaught error, which does not count as awaiting.
 */
function isEventTarget(then: (...args: never[]) => unknown): boolean {
  const { stack } = captureCallSite(then);
  return typeof stack === 'string' && stack.includes('(node:internal/event_target:');
}
