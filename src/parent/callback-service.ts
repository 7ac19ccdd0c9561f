import type { Socket } from 'node:net';
import { messageFormat } from '../channel/frames.js';
import { framedSocket } from '../channel/framed-socket.js';
import type { Codec } from '../codec/codec.js';
import type { AnyFunction } from '../codec/function-codec.js';
import type { CallbackRequest } from '../protocol.js';
import type { Callbacks, CallbacksOptions } from '../session/functions/callbacks.js';
import type { ErrorFactory } from '../session/calls/calls.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import type { Session } from '../session/session.js';
import { SyncCalls } from '../session/sync/sync-calls.js';
import type { SerializationMode } from '../types/serializable.js';
import { warn } from '../warnings.js';
import { isTraced, traceCallback } from './tracing.js';
import { socketAt, type Launched } from './launch/launch.js';
import type { CallbackLimits } from './options/options.js';

/** Functions that cross between the parent and one child, and the socket on which that child may wait for one. */
export class CallbackService {
  readonly options: Omit<CallbacksOptions, 'isParent'>;
  /** What the child is told. */
  readonly request: CallbackRequest;
  readonly #limits: CallbackLimits;
  readonly #socket: Socket | undefined;
  readonly #pid: number | undefined;
  #callbacks: Callbacks | undefined;
  #sync: SyncCalls | undefined;

  constructor(limits: CallbackLimits, { process, syncDescriptor }: Launched) {
    this.#limits = limits;
    const trace = (name: string, args: unknown[], run: () => unknown): unknown =>
      traceCallback({ pid: process.pid, name, arguments: args }, run);
    this.options = { ...limits, onUnhandled: warnOfFailure, trace: () => (isTraced.callbacks ? trace : undefined) };
    this.#pid = process.pid;
    this.#socket = socketAt(process, syncDescriptor);
    this.request = {
      limit: limits.limit,
      // JSON has no Infinity.
      ...(limits.timeout !== Infinity && { timeout: limits.timeout }),
      ...(this.#socket && syncDescriptor !== undefined && { syncDescriptor }),
    };
  }

  /** Begins to serve a child that waits. */
  serve(callbacks: Callbacks, session: Session, codec: Codec, mode: SerializationMode): void {
    this.#callbacks = callbacks;
    if (!this.#socket) return;
    session.use({ handlers: {}, attach: () => {}, afterMessage: () => this.#sync?.afterMessage() });
    const onViolation = (error: unknown): void => session.inbox.violate(error);
    const format = messageFormat(mode);
    const restored = (messages: readonly unknown[]): readonly unknown[] =>
      mode === 'json' ? messages : messages.map((bytes) => format.decode(bytes as Buffer));
    this.#sync = new SyncCalls({
      channel: withDebugLog(framedSocket(this.#socket, format, onViolation), `child ${this.#pid}, waiting:`),
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

  /** Why the child cannot answer a call that is made here. */
  refuse(method: string): Error | undefined {
    return this.#sync?.refuse(method);
  }

  /** Whether the child waits for a function of this side, and turns no event loop. */
  get isWaitedFor(): boolean {
    return this.#sync?.isWaitedFor ?? false;
  }

  /** Lets go of a function of either side. Returns whether it had crossed. */
  release(fn: AnyFunction): boolean {
    return this.#callbacks?.release(fn) ?? false;
  }

  /** A child that waits goes on, with an error. */
  abort(reason: ErrorFactory): void {
    this.#sync?.abort(reason);
  }

  close(): void {
    this.#sync?.close();
  }
}

/** The parent is told as Node tells one of what went wrong where nobody waits. */
function warnOfFailure(name: string, reason: string): void {
  warn('PROCXY_CALLBACK_FAILED', `${name}() failed, and nobody waits for its result. ${reason}.`);
}
