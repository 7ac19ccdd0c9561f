import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Settle } from '../session/calls/open-call.js';
import { isPromise } from '../is-promise.js';
import type { ExitStatus } from '../types/stats.js';

/** What all traces say about a child. */
export interface ChildContext {
  className: string;
  /** The child's process id. `undefined` if it could not be started. */
  pid: number | undefined;
}

/** The context of `tracing:procxy:start:*`. */
export interface StartContext extends ChildContext {
  error?: unknown;
}

/** The context of `tracing:procxy:call:*`. */
export interface CallContext extends ChildContext {
  method: string;
  arguments: readonly unknown[];
  result?: unknown;
  error?: unknown;
}

/** The context of `tracing:procxy:callback:*`, for a function of this process that the child calls. */
export interface CallbackContext {
  pid: number | undefined;
  /** The name of the function. */
  name: string;
  arguments: readonly unknown[];
  result?: unknown;
  error?: unknown;
}

/** The message of `procxy:end`. */
export interface EndContext extends ChildContext, ExitStatus {}

const starts = tracingChannel<unknown, StartContext>('procxy:start');
const calls = tracingChannel<unknown, CallContext>('procxy:call');
const callbacks = tracingChannel<unknown, CallbackContext>('procxy:callback');
/** The message of `procxy:queue`: a call that had to wait for an instance was handed over. */
export interface QueueContext extends ChildContext {
  method: string;
  key: string | undefined;
  /** ms that it has waited. */
  wait: number;
}

/** The message of `procxy:restart`: a new child has taken the place of another. */
export interface RestartContext extends ChildContext {
  key: string | undefined;
  /** `'drain'`: its host will end. */
  reason: 'crash' | 'recycle' | 'drain';
  /** The crash, or why it has moved. */
  error?: unknown;
}

/** The message of `procxy:host`: what a host does with an instance. */
export interface HostContext extends ChildContext {
  /** The id of the host. */
  host: string;
  /** ms from the request to the start of its process. Only for `'placed'`. */
  wait: number | undefined;
  reason: 'placed' | 'refused' | 'draining' | 'lost';
  /** Why it was refused or lost. */
  error?: unknown;
}

const ends = channel('procxy:end');
const queues = channel('procxy:queue');
const restarts = channel('procxy:restart');
const hosts = channel('procxy:host');

/** Whether the channels have subscribers. Without them, no contexts are made. */
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
  // The result of a start is internal, so it is not published.
  await starts.tracePromise(async () => void (value = await start()), context);
  return value;
}

/** @param make makes the call. `observe` wraps the functions of its promise */
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

/** @param run runs the function. If it returns a thenable, its `then` is called only once, and a promise is returned */
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

export function traceQueue(context: QueueContext): void {
  if (queues.hasSubscribers) queues.publish(context);
}

export function traceRestart(context: RestartContext): void {
  if (restarts.hasSubscribers) restarts.publish(context);
}

export function traceHost(context: HostContext, makeError?: () => unknown): void {
  if (hosts.hasSubscribers) hosts.publish(makeError ? { ...context, error: makeError() } : context);
}
