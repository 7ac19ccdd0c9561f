import { markRan, TerminatedError } from '../../errors.js';
import { instrumentation } from '../../instrumentation.js';
import type { CallbackInvoke, CallbackResult, TraceFields, Wire } from '../../protocol.js';
import type { SerializationMode } from '../../types/serializable.js';
import { encodeArgs } from '../calls/encode-args.js';
import type { FunctionTarget } from '../calls/open-call.js';
import { runInSpan } from '../calls/server-span.js';
import type { BlockingInvoker } from '../functions/invocations.js';
import type { SessionApi, SessionPart } from '../part.js';
import { annotate, type Parcel } from '../wire/parcel.js';
import { WriteLog } from '../wire/write-log.js';
import { earlyFormat } from './early-messages.js';

/** A socket that this process can block on. */
export interface BlockingLane {
  /** Delivers messages in transit on the channel immediately. Absent if a process cannot do that while it blocks. */
  flush?(): void;
  /** Drops the message if the other side has closed the socket. @throws if the message cannot be written */
  write(message: object): void;
  /** Returns the next message, or `undefined` if the other side has closed the socket. */
  read(): unknown;
}

export interface BlockingCallsOptions {
  lane: BlockingLane;
  mode: SerializationMode;
}

/**
 * The child's half of `sync()`: sends an invocation on the blocking lane and waits there for its result. The channel cannot write
 * while this process blocks, so earlier messages that may still be queued travel with the invocation.
 */
export class BlockingCalls implements BlockingInvoker, SessionPart {
  readonly handlers = {};
  readonly #lane: BlockingLane;
  readonly #log: WriteLog;
  #link!: SessionApi;
  #isExpected = false;

  constructor({ lane, mode }: BlockingCallsOptions) {
    this.#lane = lane;
    this.#log = new WriteLog(earlyFormat(mode).copy);
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  /** From the first blocking function on, keeps a copy of each message until the channel has written it. */
  expect(): void {
    if (this.#isExpected || this.#lane.flush) return;
    this.#isExpected = true;
    this.#link.keepUnwritten(this.#log);
  }

  invoke(target: FunctionTarget, name: string, args: unknown[]): unknown {
    const span = instrumentation.current?.client({ method: name });
    return span
      ? runInSpan(span, () => this.#invoke(target, name, args, span.trace))
      : this.#invoke(target, name, args);
  }

  #invoke(target: FunctionTarget, name: string, args: unknown[], trace?: TraceFields): unknown {
    // The process, its timers and its lane may live on for other instances, but the other side listens no more.
    if (this.#link.isOver()) {
      throw markRan(
        new TerminatedError(`${name}(): the instance has ended. Clear its timers in its dispose hook.`),
        'no',
      );
    }
    const call = new BlockingCall(name, () => this.#message(target, name, args, trace));
    this.#link.flush();
    this.#lane.flush?.();
    this.#link.sendAtOnce(call, (message) => this.#lane.write(message));
    const { early } = call.sent();
    const answer = this.#lane.read() as CallbackResult | undefined;
    if (!answer) throw new TerminatedError(`${name}() cannot return: the parent process has ended.`);
    if (early) this.#log.taken(early);
    return this.#read(answer);
  }

  #message(target: FunctionTarget, name: string, args: unknown[], trace: TraceFields | undefined): CallbackInvoke {
    const callbackId = target.id();
    const encoded = encodeArgs(this.#link.codec, target, args, { root: 'args', method: name });
    const message: CallbackInvoke = {
      type: 'callback-invoke',
      callbackId,
      args: encoded.wire as Wire[],
      invokeId: this.#link.nextId(),
      after: this.#link.sent(),
      early: this.#log.early(this.#link.sent()),
      ...(trace && { trace }),
    };
    return annotate(message, encoded);
  }

  #read(answer: CallbackResult): unknown {
    const { coded } = answer;
    const decode = (wire: Wire): unknown => (coded ? this.#link.codec.decode(wire) : wire);
    this.#link.arrive(coded);
    try {
      if (answer.result === 'success') return decode(answer.value);
      throw decode(answer.error);
    } finally {
      this.#link.account(coded);
    }
  }
}

/** An invocation in transit. If it could not be sent, `sent()` throws the reason instead of waiting. */
class BlockingCall implements Parcel {
  #message: CallbackInvoke | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    readonly method: string,
    private readonly make: () => CallbackInvoke,
  ) {}

  build(): CallbackInvoke {
    this.#message = this.make();
    return this.#message;
  }

  failed(error: unknown): void {
    this.#failure = { error };
  }

  /** Returns the message that was written. @throws the error that kept it from being sent */
  sent(): CallbackInvoke {
    if (this.#failure || !this.#message) throw this.#failure?.error;
    return this.#message;
  }
}
