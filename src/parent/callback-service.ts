import type { Socket } from 'node:net';
import { messageFormat } from '../channel/frames.js';
import { framedSocket } from '../channel/framed-socket.js';
import type { AnyFunction } from '../codec/function-codec.js';
import type { CallbackRequest } from '../protocol.js';
import type { Callbacks, CallbacksOptions } from '../session/functions/callbacks.js';
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
  serve(callbacks: Callbacks, session: Session, mode: SerializationMode): void {
    this.#callbacks = callbacks;
    if (!this.#socket) return;
    const onViolation = (error: unknown): void => session.inbox.violate(error);
    const channel = framedSocket(this.#socket, messageFormat(mode), onViolation);
    this.#sync = new SyncCalls({
      channel: withDebugLog(channel, `child ${this.#pid}, waiting:`),
      mode,
      callbacks,
      timeout: this.#limits.timeout,
    });
    session.use(this.#sync);
  }

  /** Whether the child waits for a function of this side, and turns no event loop. */
  get isWaitedFor(): boolean {
    return this.#sync?.isWaitedFor ?? false;
  }

  /** Lets go of a function of either side. Returns whether it had crossed. */
  release(fn: AnyFunction): boolean {
    return this.#callbacks?.release(fn) ?? false;
  }
}

/** The parent is told as Node tells one of what went wrong where nobody waits. */
function warnOfFailure(name: string, reason: string): void {
  warn('PROCXY_CALLBACK_FAILED', `${name}() failed, and nobody waits for its result. ${reason}.`);
}
