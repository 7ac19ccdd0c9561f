import { setImmediate } from '../../clock.js';
import { classify } from '../../codec/stream-codec.js';
import { instrumentation, type ArrivedCall, type CallSpan } from '../../instrumentation.js';
import { isPromise } from '../../is-promise.js';

/** Results that are read item by item, with the spans of the calls that returned them. */
const unread = new WeakMap<object, CallSpan>();

/** Runs a call of the other side, in a span if this process is instrumented. */
export function serveInSpan(call: ArrivedCall, run: () => unknown): unknown {
  const { current } = instrumentation;
  return current ? runInSpan(current.server(call), run) : run();
}

/**
 * Runs a function in a span that ends when the function has returned, its promise has settled, and its stream is closed.
 * @param run may return a promise. If it returns a thenable, its `then` is called only once, and a promise is returned
 */
export function runInSpan(span: CallSpan, run: () => unknown): unknown {
  return span.within(() => {
    let value: unknown;
    try {
      value = run();
    } catch (error) {
      span.fail(error);
      throw error;
    }
    if (!isPromise(value)) {
      endWith(span, value);
      return value;
    }
    const promise = Promise.resolve(value);
    promise.then(
      (result) => endWith(span, result),
      (error: unknown) => span.fail(error),
    );
    return promise;
  });
}

/** Returns the span of the call whose result `value` is, if it is still open. The caller has to end it. */
export function takeSpan(value: object): CallSpan | undefined {
  if (!instrumentation.current) return undefined;
  const span = unread.get(value);
  unread.delete(value);
  return span;
}

function endWith(span: CallSpan, value: unknown): void {
  if (typeof value !== 'object' || value === null || !isRead(value)) return span.end();
  unread.set(value, span);
  // The answer is encoded in this turn. A result that has crossed in another way, such as by reference, is not read item by item.
  setImmediate(() => takeSpan(value)?.end());
}

function isRead(value: object): boolean {
  const kind = classify(value)?.kind;
  return kind === 'iterator' || kind === 'readable' || kind === 'readable-stream';
}
