import { messageFormat } from '../channel/frames.js';
import type { CallbackRequest } from '../protocol.js';
import type { ErrorFactory } from '../session/calls/calls.js';
import type { Callbacks, CallbacksOptions } from '../session/functions/callbacks.js';
import type { OpenSession } from '../session/open-session.js';
import { SyncCalls } from '../session/sync/sync-calls.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import type { SerializationMode } from '../types/serializable.js';
import { warn } from '../warnings.js';
import type { CallbackLimits } from './options/options.js';
import { isTraced, traceCallback } from './tracing.js';
import type { Worker } from './worker.js';

/** How functions cross between the parent and one worker, and what serves a worker that blocks until one has returned. */
export class CallbackService {
  /** What the session is told of functions, */
  readonly options: Omit<CallbacksOptions, 'isParent'>;
  /** and the worker. */
  readonly request: CallbackRequest;
  readonly #limits: CallbackLimits;
  readonly #worker: Worker;
  #sync: SyncCalls | undefined;

  constructor(limits: CallbackLimits, worker: Worker) {
    this.#limits = limits;
    this.#worker = worker;
    const { pid, descriptors } = worker;
    const trace = (name: string, args: unknown[], run: () => unknown): unknown =>
      traceCallback({ pid, name, arguments: args }, run);
    this.options = { ...limits, onUnhandled: warnOfFailure, trace: () => (isTraced.callbacks ? trace : undefined) };
    this.request = {
      limit: limits.limit,
      // JSON has no Infinity.
      ...(limits.timeout !== Infinity && { timeout: limits.timeout }),
      ...(descriptors.blocking !== undefined && { syncDescriptor: descriptors.blocking }),
    };
  }

  /** Begins to serve a worker that blocks, where there is a way for it. */
  serve(callbacks: Callbacks, { session, codec }: OpenSession, mode: SerializationMode): void {
    const { blocking, name } = this.#worker;
    if (!blocking) return;
    session.use({ handlers: {}, attach: () => {}, afterMessage: () => this.#sync?.afterMessage() });
    const onViolation = (error: unknown): void => session.inbox.violate(error);
    const format = messageFormat(mode);
    const restored = (messages: readonly unknown[]): readonly unknown[] =>
      mode === 'json' ? messages : messages.map((bytes) => format.decode(bytes as Buffer));
    this.#sync = new SyncCalls({
      channel: withDebugLog(blocking(format, onViolation), `${name}, waiting:`),
      codec,
      callbacks,
      accounts: session,
      timeout: this.#limits.timeout,
      received: () => session.inbox.received,
      receiveEarly: (from, messages) => session.inbox.receiveEarly(from, restored(messages)),
      keepAwake: () => session.keepAwake(),
      onViolation,
    });
  }

  /** Why the worker cannot answer a call that is made here. */
  refuse(method: string): Error | undefined {
    return this.#sync?.refuse(method);
  }

  /** Whether the worker blocks for a function of this side: its event loop does not turn. */
  get isWaitedFor(): boolean {
    return this.#sync?.isWaitedFor ?? false;
  }

  /** Lets a worker that blocks go on, with an error. */
  abort(reason: ErrorFactory): void {
    this.#sync?.abort(reason);
  }

  close(): void {
    this.#sync?.close();
  }
}

/** Failures that nobody awaits are reported as Node reports them. */
function warnOfFailure(name: string, reason: string): void {
  warn('PROCXY_CALLBACK_FAILED', `${name}() failed, and nobody waits for its result. ${reason}.`);
}
