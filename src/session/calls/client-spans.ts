import type { ClientSpan } from '../../instrumentation.js';
import type { Calls } from './calls.js';
import type { CallOptions, CallTarget, ErrorFactory, OpenCall, Settle } from './open-call.js';

/** The calls that this side makes in spans. A span lasts until the call has settled, and the streams that it returned are closed. */
export class ClientSpans {
  readonly #open = new Map<ClientSpan, string>();

  /** Makes a call in a span. */
  open(
    span: ClientSpan,
    calls: Calls,
    target: CallTarget,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
  ): OpenCall | undefined {
    this.#open.set(span, method);
    const onDone = (failure?: { value: unknown }): void => {
      options.onDone?.();
      this.#open.delete(span);
      if (failure) span.fail(failure.value);
      else span.end();
    };
    const observed: Settle = {
      resolve: (value) => settle.resolve(value),
      reject: (reason) => {
        this.#open.delete(span);
        span.fail(reason);
        settle.reject(reason);
      },
    };
    const { trace } = span;
    return span.within(() => calls.open(target, method, args, { ...options, trace, onDone }, observed));
  }

  /** The other side is gone, and with it the streams that it had returned. */
  end(reason: ErrorFactory): void {
    for (const [span, method] of this.#open) span.fail(reason(method));
    this.#open.clear();
  }
}
