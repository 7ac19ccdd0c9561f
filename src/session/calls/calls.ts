import type { Codec } from '../../codec/codec.js';
import { describeReason, HandleTransferError, markRan, ProtocolError, SerializationError } from '../../errors.js';
import type { CallbackResult, CallResult, Coded, Message } from '../../protocol.js';
import { SocketConnectingError } from '../../codec/handle-codec.js';
import { onAbort } from './abort.js';
import { callMessage } from './call-message.js';
import { appendCallSite, CallSiteBudget, captureCallSite, replaceStack } from './call-site.js';
import { now } from '../../clock.js';
import { isError } from '../../realm.js';
import { Deadlines } from './deadlines.js';
import { LateAnswers } from './late-answers.js';
import {
  OpenCall,
  timeoutError,
  type CallOptions,
  type CallOwner,
  type CallTarget,
  type ErrorFactory,
  type Settle,
} from './open-call.js';
import { CallRing } from './call-ring.js';
import type { Send } from '../wire/parcel.js';

export interface CallsOptions {
  codec: Codec;
  send: Send;
  /** Returns an error if `method` cannot be called now. */
  refuse(method: string): Error | undefined;
  /** How many messages have arrived so far. */
  received(): number;
  /** Whether messages leave this process only when its event loop turns. */
  leavesLater: boolean;
  /** Called when the first call opens and when the last one settles. */
  onBusy(busy: boolean): void;
  /** Calls `done` when none of these streams is open any more. */
  whenClosed(streams: readonly number[], done: (failure?: { value: unknown }) => void): void;
}

/** The calls that this side has made and the other side has not answered yet. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #open = new CallRing<OpenCall>();
  readonly #late = new LateAnswers();
  readonly #deadlines: Deadlines;
  readonly #sites = new CallSiteBudget();
  readonly #owner: CallOwner = {
    build: (call) => this.#build(call),
    failed: (call, error) => this.#failed(call, error),
  };
  /** Set when the session is closed: why no further call can be answered. */
  #closed: ErrorFactory | undefined;
  #lastId = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    const { leavesLater } = options;
    this.#deadlines = new Deadlines({
      sweep: (time) => this.#sweep(time),
      received: () => options.received(),
      leavesLater,
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Returns the call, unless it was refused. */
  open(
    target: CallTarget,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
  ): OpenCall | undefined {
    const { signal, boundary } = options;
    const timeout = options.timeout === 0 ? Infinity : options.timeout;
    const time = now();
    const site = boundary && this.#sites.take(time) ? captureCallSite(boundary) : options.site;
    const refusal = this.#closed ? this.#closed(method) : this.#options.refuse(method);
    if (refusal || signal?.aborted) {
      if (refusal) replaceStack(markRan(refusal, 'no'), site);
      settle.reject(refusal ?? signal?.reason);
      options.onDone?.();
      return undefined;
    }
    const callId = this.nextId();
    const call = new OpenCall(this.#owner, callId, target, method, args, timeout, time, site, settle, options);
    if (signal) call.stopListening = onAbort(signal, () => this.#abandon(callId, signal.reason));
    if (this.#open.size === 0) this.#options.onBusy(true);
    this.#open.add(call);
    if (timeout !== Infinity) this.#deadlines.watch(call.deadline);
    this.#options.send(call);
    return call;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** @throws {ProtocolError} if the call is neither open nor given up */
  settle(message: CallResult | CallbackResult): void {
    const id = message.type === 'call-result' ? message.callId : message.invokeId;
    const call = this.#take(id);
    if (!call) return this.#late.drop(id);
    this.#answer(call, message);
    const { onDone } = call.hooks;
    if (onDone) this.#options.whenClosed(streamIds(message.coded), onDone);
  }

  #answer(call: OpenCall, message: CallResult | CallbackResult): void {
    const { coded } = message;
    if (message.result === 'success') {
      if (!coded) return call.settle.resolve(message.value);
      return this.#decode(message.value, coded, call, (value) => call.settle.resolve(value));
    }
    this.#decode(message.error, coded, call, (reason) => {
      if (isError(reason)) appendCallSite(reason, call.site);
      call.settle.reject(reason);
    });
  }

  /** Rejects every open call with its own error. */
  rejectAll(reason: ErrorFactory): void {
    for (const { id } of this.#open.list()) {
      const call = this.#take(id);
      if (!call) continue;
      if (call.sent) this.#late.expect(id, call.hooks.onDone);
      const error = markRan(reason(call.method), call.sent ? 'maybe' : 'no');
      replaceStack(error, call.site);
      call.settle.reject(error);
    }
  }

  close(reason: ErrorFactory): void {
    this.#closed = reason;
    this.rejectAll(reason);
    this.#deadlines.close();
  }

  #build(call: OpenCall): Message | undefined {
    // The call may have been given up while it waited to be sent.
    if (!this.#open.get(call.id)) return undefined;
    const message = callMessage(call, this.#options.codec);
    if (call.hooks.trace) message.trace = call.hooks.trace;
    call.args = undefined;
    call.sent = true;
    return message;
  }

  #failed(call: OpenCall, error: unknown): void {
    if (error instanceof SocketConnectingError) void this.#sendWhenConnected(error.settled, call);
    else if (this.#take(call.id)) {
      if (isError(error)) replaceStack(error, call.site);
      call.settle.reject(error);
      call.hooks.onDone?.();
    }
  }

  /** Sends a call once the socket among its arguments is connected. Later calls do not wait for it. */
  async #sendWhenConnected(socket: Promise<void>, call: OpenCall): Promise<void> {
    await socket;
    this.#options.send(call);
  }

  /** Decodes an answer and settles the call with it. A malformed answer rejects the call and is a protocol violation. */
  #decode(wire: unknown, coded: Coded | undefined, call: OpenCall, settle: (value: unknown) => void): void {
    let value: unknown = wire;
    try {
      if (coded) value = this.#options.codec.decode(wire);
    } catch (error) {
      const isRefusal = error instanceof SerializationError || error instanceof HandleTransferError;
      const known = isRefusal || error instanceof ProtocolError;
      const reason = known
        ? error
        : new ProtocolError(`An answer could not be read: ${describeReason(error)}.`, { cause: error });
      call.settle.reject(reason);
      if (isRefusal) return;
      throw reason;
    }
    settle(value);
  }

  #take(id: number): OpenCall | undefined {
    const call = this.#open.take(id);
    if (!call) return undefined;
    call.stopListening?.();
    if (this.#open.size === 0) this.#options.onBusy(false);
    return call;
  }

  #abandon(id: number, reason: unknown): void {
    const call = this.#take(id);
    if (!call) return;
    if (call.sent) this.#late.expect(id, call.hooks.onDone);
    call.settle.reject(reason);
    if (!call.sent) call.hooks.onDone?.();
  }

  #sweep(time: number): number {
    let next = Infinity;
    for (const call of this.#open.list()) {
      if (call.deadline > time) next = Math.min(next, call.deadline);
      else {
        const error = markRan(timeoutError(call), call.sent ? 'maybe' : 'no');
        replaceStack(error, call.site);
        this.#abandon(call.id, error);
        call.hooks.onTimeout?.(error);
      }
    }
    return next;
  }
}

/** The streams that a message brings. */
function streamIds(coded: Coded | undefined): number[] {
  return Array.isArray(coded) ? coded.filter((id) => typeof id === 'number') : [];
}
