import type { Codec } from '../codec/codec.js';
import { describeReason, ProtocolError, SerializationError, TimeoutError } from '../errors.js';
import type { CallInvoke, CallResult } from '../protocol.js';
import { isError } from '../codec/error-codec.js';
import { SocketConnectingError } from '../codec/handle-codec.js';
import { onAbort } from './abort.js';
import { appendCallSite, captureCallSite, replaceStack, type CallSite } from './call-site.js';
import { Deadlines, now } from './deadlines.js';
import type { Send } from './send.js';

/** Above so many open calls a call site is not worth its price. */
const MAX_CALL_SITES = 100;

export type CallTarget = 'instance' | 'agent';

export interface CallOptions {
  /** ms until the call rejects with a {@link TimeoutError}; `0` or `Infinity`: never. */
  timeout: number;
  /** Rejects the call at once, with its reason, when it aborts. */
  signal?: AbortSignal | undefined;
  /** The function that the user called: the frame above it is the call site. */
  boundary?: ((...args: never[]) => unknown) | undefined;
  /** The call site itself, where that function is long gone. */
  site?: CallSite | undefined;
}

interface OpenCall {
  readonly method: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly timeout: number;
  readonly deadline: number;
  readonly site: CallSite | undefined;
  readonly stopListening: (() => void) | undefined;
  /** An answer can come. */
  sent: boolean;
}

/** Makes the error with which an open call of this method is rejected. */
export type Reason = (method: string) => Error;

export interface CallsOptions {
  codec: Codec;
  send: Send;
  /** How many messages have arrived so far. */
  received(): number;
  /** Called when the first call opens and when the last one is settled. */
  onBusy(busy: boolean): void;
}

/** The calls that this side has made and that are not yet answered. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #open = new Map<number, OpenCall>();
  /** Calls given up here whose answer may still come, and is then dropped. */
  readonly #abandoned = new Set<number>();
  readonly #deadlines: Deadlines;
  /** Why nothing can be answered any more. */
  #closed: Reason | undefined;
  #lastId = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines({ sweep: (time) => this.#sweep(time), received: () => options.received() });
  }

  get size(): number {
    return this.#open.size;
  }

  invoke(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    const { timeout, signal, boundary } = options;
    const site = boundary && this.#open.size < MAX_CALL_SITES ? captureCallSite(boundary) : options.site;
    return new Promise((resolve, reject) => {
      const fail = (reason: unknown): void => {
        if (reason instanceof Error) replaceStack(reason, site);
        reject(reason);
      };
      if (this.#closed) return fail(this.#closed(method));
      if (signal?.aborted) return reject(signal.reason);
      const callId = ++this.#lastId;
      const send = (): void => this.#options.send(this.#message(callId, target, method, args), method);
      let connecting: Promise<void> | undefined;
      try {
        send();
      } catch (error) {
        if (!(error instanceof SocketConnectingError)) return fail(error);
        connecting = error.settled;
      }
      const limited = timeout > 0 && timeout !== Infinity;
      const deadline = limited ? now() + timeout : Infinity;
      const stopListening = signal && onAbort(signal, () => this.#abandon(callId, signal.reason));
      if (this.#open.size === 0) this.#options.onBusy(true);
      const call: OpenCall = { method, resolve, reject, timeout, deadline, site, stopListening, sent: !connecting };
      this.#open.set(callId, call);
      if (limited) this.#deadlines.watch(deadline);
      // The call goes out when the socket is connected; those after it do not wait.
      void connecting?.then(() => {
        if (!this.#open.has(callId)) return;
        try {
          send();
          call.sent = true;
        } catch (error) {
          this.#take(callId);
          fail(error);
        }
      });
    });
  }

  /** @throws {ProtocolError} when nobody waits for this result */
  settle(message: CallResult): void {
    const call = this.#take(message.callId);
    if (!call) {
      if (this.#abandoned.delete(message.callId)) return;
      throw new ProtocolError(`A result arrived for the call ${message.callId}, which is not open.`);
    }
    const { coded } = message;
    if (message.result === 'success') return this.#decode(message.value, coded, call, call.resolve);
    this.#decode(message.error, coded, call, (reason) => {
      if (isError(reason)) appendCallSite(reason, call.site);
      call.reject(reason);
    });
  }

  /** Rejects all that is open, each with an error of its own. */
  rejectAll(reason: Reason): void {
    for (const id of this.#open.keys()) {
      const call = this.#take(id);
      if (!call) continue;
      const error = reason(call.method);
      replaceStack(error, call.site);
      call.reject(error);
    }
  }

  close(reason: Reason): void {
    this.#closed = reason;
    this.rejectAll(reason);
    this.#deadlines.close();
  }

  #message(callId: number, target: CallTarget, method: string, args: readonly unknown[]): CallInvoke {
    const { wire, coded } = this.#options.codec.encode(args, { root: 'args', method });
    const message: CallInvoke = { type: 'call-invoke', callId, method, args: wire as unknown[] };
    if (target === 'agent') message.target = target;
    if (coded) message.coded = true;
    return message;
  }

  /** Settles the call with what `decode` makes of an answer; a malformed one is a violation besides. */
  #decode(wire: unknown, coded: true | undefined, call: OpenCall, settle: (value: unknown) => void): void {
    let value: unknown = wire;
    try {
      if (coded) value = this.#options.codec.decode(wire);
    } catch (error) {
      const known = error instanceof SerializationError || error instanceof ProtocolError;
      const reason = known
        ? error
        : new ProtocolError(`An answer could not be read: ${describeReason(error)}.`, { cause: error });
      call.reject(reason);
      if (error instanceof SerializationError) return;
      throw reason;
    }
    settle(value);
  }

  #take(id: number): OpenCall | undefined {
    const call = this.#open.get(id);
    if (!call) return undefined;
    this.#open.delete(id);
    call.stopListening?.();
    if (this.#open.size === 0) this.#options.onBusy(false);
    return call;
  }

  #abandon(id: number, reason: unknown): void {
    const call = this.#take(id);
    if (!call) return;
    if (call.sent) this.#abandoned.add(id);
    call.reject(reason);
  }

  #sweep(time: number): number {
    let next = Infinity;
    for (const [id, { deadline, method, timeout, site }] of this.#open) {
      if (deadline > time) next = Math.min(next, deadline);
      else {
        const error = timeoutError(method, timeout);
        replaceStack(error, site);
        this.#abandon(id, error);
      }
    }
    return next;
  }
}

/** Those made here: a method may throw one of its own, from a proxy that it uses. */
const ownTimeouts = new WeakSet<object>();

export function isOwnTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ownTimeouts.has(error);
}

function timeoutError(method: string, timeout: number): TimeoutError {
  const error = new TimeoutError(
    method,
    timeout,
    `${method}() was not answered within ${timeout} ms. The child goes on with it; a late result is dropped. ` +
      'Raise `timeout` for slow methods, or call $terminate() to stop the child.',
  );
  ownTimeouts.add(error);
  return error;
}
