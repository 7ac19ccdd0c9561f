import type { Codec } from '../../codec/codec.js';
import { describeReason, HandleTransferError, ProtocolError, SerializationError } from '../../errors.js';
import type { CallbackInvoke, CallbackResult, CallInvoke, CallResult, Coded, Message } from '../../protocol.js';
import { SocketConnectingError } from '../../codec/handle-codec.js';
import { onAbort } from './abort.js';
import { appendCallSite, CallSiteBudget, captureCallSite, replaceStack } from './call-site.js';
import { now } from '../../clock.js';
import { isError } from '../../realm.js';
import { Deadlines } from './deadlines.js';
import { encodeArgs } from './encode-args.js';
import {
  OpenCall,
  timeoutError,
  type CallOptions,
  type CallOwner,
  type CallTarget,
  type ErrorFactory,
  type Settle,
} from './open-call.js';
import { OpenCalls } from './open-calls.js';
import { annotate, type Send } from '../wire/parcel.js';

export interface CallsOptions {
  codec: Codec;
  send: Send;
  /** Why a call cannot be made just now. */
  refuse(method: string): Error | undefined;
  /** How many messages have arrived so far. */
  received(): number;
  /** Called when the first call opens and when the last one is settled. */
  onBusy(busy: boolean): void;
}

/** The calls that this side has made and that are not yet answered. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #open = new OpenCalls<OpenCall>();
  /** Calls given up here whose answer may still come, and is then dropped. */
  readonly #abandoned = new Set<number>();
  readonly #deadlines: Deadlines;
  readonly #sites = new CallSiteBudget();
  readonly #owner: CallOwner = {
    build: (call) => this.#build(call),
    failed: (call, error) => this.#failed(call, error),
  };
  /** Why nothing can be answered any more. */
  #closed: ErrorFactory | undefined;
  #lastId = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines({ sweep: (time) => this.#sweep(time), received: () => options.received() });
  }

  get size(): number {
    return this.#open.size;
  }

  open(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions, settle: Settle): void {
    const { signal, boundary } = options;
    const timeout = options.timeout === 0 ? Infinity : options.timeout;
    const time = now();
    const site = boundary && this.#sites.take(time) ? captureCallSite(boundary) : options.site;
    const refusal = this.#closed ? this.#closed(method) : this.#options.refuse(method);
    if (refusal) {
      replaceStack(refusal, site);
      return settle.reject(refusal);
    }
    if (signal?.aborted) return settle.reject(signal.reason);
    const callId = this.nextId();
    const call = new OpenCall(this.#owner, callId, target, method, args, timeout, time, site, settle);
    if (signal) call.stopListening = onAbort(signal, () => this.#abandon(callId, signal.reason));
    if (this.#open.size === 0) this.#options.onBusy(true);
    this.#open.add(call);
    if (timeout !== Infinity) this.#deadlines.watch(call.deadline);
    this.#options.send(call);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** @throws {ProtocolError} when nobody waits for this result */
  settle(message: CallResult | CallbackResult): void {
    const id = message.type === 'call-result' ? message.callId : message.invokeId;
    const call = this.#take(id);
    if (!call) {
      if (this.#abandoned.delete(id)) return;
      throw new ProtocolError(`A result arrived for the call ${id}, which is not open.`);
    }
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

  /** Rejects all that is open, each with an error of its own. */
  rejectAll(reason: ErrorFactory): void {
    for (const { id } of this.#open.list()) {
      const call = this.#take(id);
      if (!call) continue;
      if (call.sent) this.#abandoned.add(id);
      const error = reason(call.method);
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
    // It may have had to wait, and been given up meanwhile.
    if (!this.#open.get(call.id)) return undefined;
    const message = this.#message(call);
    call.args = undefined;
    call.sent = true;
    return message;
  }

  #failed(call: OpenCall, error: unknown): void {
    if (error instanceof SocketConnectingError) void this.#sendWhenConnected(error.settled, call);
    else if (this.#take(call.id)) {
      if (isError(error)) replaceStack(error, call.site);
      call.settle.reject(error);
    }
  }

  /** Those after it do not wait. */
  async #sendWhenConnected(socket: Promise<void>, call: OpenCall): Promise<void> {
    await socket;
    this.#options.send(call);
  }

  #message({ id, target, method, args = [] }: OpenCall): CallInvoke | CallbackInvoke {
    // First, since it may throw: a message that is encoded has exported functions.
    const callbackId = typeof target === 'object' ? target.id() : undefined;
    // An instance that reaches a constructor without its methods would fail much later, where nobody sees why.
    const refuseMethods = target === 'agent' && method === 'constructor';
    const encoded = encodeArgs(this.#options.codec, target, args, { root: 'args', method, refuseMethods });
    const wire = encoded.wire as unknown[];
    if (callbackId !== undefined) {
      return annotate({ type: 'callback-invoke', callbackId, args: wire, invokeId: id }, encoded);
    }
    const message: CallInvoke = { type: 'call-invoke', callId: id, method, args: wire };
    if (target === 'agent') message.target = target;
    return annotate(message, encoded);
  }

  /** Settles the call with what `decode` makes of an answer; a malformed one is a violation besides. */
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
    if (call.sent) this.#abandoned.add(id);
    call.settle.reject(reason);
  }

  #sweep(time: number): number {
    let next = Infinity;
    for (const call of this.#open.list()) {
      if (call.deadline > time) next = Math.min(next, call.deadline);
      else {
        const error = timeoutError(call);
        replaceStack(error, call.site);
        this.#abandon(call.id, error);
      }
    }
    return next;
  }
}
