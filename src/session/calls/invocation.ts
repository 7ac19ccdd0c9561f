import { setImmediate } from '../../clock.js';
import { describeReason } from '../../errors.js';
import { CallbackPromise } from './callback-promise.js';
import type { Settle } from './open-call.js';

/** A call of a function, or of a lent object's method, with the promise of its caller. */
export class Invocation implements Settle {
  readonly promise: CallbackPromise;
  resolve!: Settle['resolve'];
  #reject!: Settle['reject'];
  readonly #onFailure: (reason: string) => void;

  /** @param onFailure called a turn after the promise was rejected, unless something awaits it by then */
  constructor(onFailure: (reason: string) => void) {
    this.#onFailure = onFailure;
    this.promise = new CallbackPromise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
  }

  reject(reason: unknown): void {
    if (!this.promise.isAwaited) {
      this.promise.ignoreRejection();
      // The caller still has the rest of this turn to await it.
      setImmediate(() => {
        if (!this.promise.isAwaited) this.#onFailure(describeReason(reason));
      });
    }
    this.#reject(reason);
  }
}
