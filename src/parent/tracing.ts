import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Settle } from '../session/calls/open-call.js';
import { isPromise } from '../is-promise.js';
import type { ExitStatus } from '../types/stats.js';

/** What is known of a child by everybody who is told of it. */
export interface ChildContext {
  /** The class's. */
  className: string;
  /** The child's; `undefined` where it could not be started. */
  pid: number | undefined;
}

/** What subscribers of `tracing:procxy:start:*` get. */
export interface StartContext extends ChildContext {
  error?: unknown;
}

/** What subscribers of `tracing:procxy:call:*` get. */
export interface CallContext extends ChildContext {
  method: string;
  arguments: readonly unknown[];
  result?: unknown;
  error?: unknown;
}

/** What subscribers of `tracing:procxy:callback:*` get: a function of this process that the child calls. */
export interface CallbackContext {
  pid: number | undefined;
  /** The function's. */
  name: string;
  arguments: readonly unknown[];
  result?: unknown;
  error?: unknown;
}

/** What subscribers of `procxy:end` get. */
export interface EndContext extends ChildContext, ExitStatus {}

const starts = tracingChannel<unknown, StartContext>('procxy:start');
const calls = tracingChannel<unknown, CallContext>('procxy:call');
const callbacks = tracingChannel<unknown, CallbackContext>('procxy:callback');
const ends = channel('procxy:end');

/** Whether anybody listens: nothing is made for a trace where nobody does. */
export const isTraced = {
  get calls(): boolean {
    return calls.hasSubscribers;
  },
  get callbacks(): boolean {
    return callbacks.hasSubscribers;
  },
};

export async function traceStart<T>(context: StartContext, start: () => Promise<T>): Promise<T> {
  let value!: T;
  // What a start results in is this library's own.
  await starts.tracePromise(async () => void (value = await start()), context);
  return value;
}

/** @param make makes the call, with what is to stand between its answer and its caller */
export function traceCall<T>(context: CallContext, make: (observe: (settle: Settle) => Settle) => T): T {
  const { start, end, asyncStart, asyncEnd, error } = calls;
  const observe = (settle: Settle): Settle => ({
    resolve(result) {
      context.result = result;
      asyncStart.publish(context);
      settle.resolve(result);
      asyncEnd.publish(context);
    },
    reject(reason) {
      context.error = reason;
      error.publish(context);
      asyncStart.publish(context);
      settle.reject(reason);
      asyncEnd.publish(context);
    },
  });
  return start.runStores(context, () => {
    try {
      return make(observe);
    } finally {
      end.publish(context);
    }
  });
}

/** @param run runs the function; a thenable that it returns is waited for once, and comes back as a promise */
export function traceCallback(context: CallbackContext, run: () => unknown): unknown {
  const { start, end, asyncStart, asyncEnd, error } = callbacks;
  const settle = (name: 'result' | 'error', value: unknown): void => {
    context[name] = value;
    if (name === 'error') error.publish(context);
    asyncStart.publish(context);
    asyncEnd.publish(context);
  };
  return start.runStores(context, () => {
    try {
      const value = run();
      if (!isPromise(value)) return (context.result = value);
      const promise = Promise.resolve(value);
      promise.then(
        (result) => settle('result', result),
        (reason: unknown) => settle('error', reason),
      );
      return promise;
    } catch (reason) {
      context.error = reason;
      error.publish(context);
      throw reason;
    } finally {
      end.publish(context);
    }
  });
}

export function traceEnd(context: EndContext): void {
  if (ends.hasSubscribers) ends.publish(context);
}
