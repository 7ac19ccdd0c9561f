import { setImmediate } from '../../clock.js';
import type { Codec, Encoded } from '../../codec/codec.js';
import type { AnyFunction } from '../../codec/function-codec.js';
import { CallbackLimitError, describeReason, isProcxyError, SyncCallbackError, TerminatedError } from '../../errors.js';
import type { CallbackDescriptor, CallbackInvoke, CallbackResult, Message } from '../../protocol.js';
import { CallbackPromise } from './callback-promise.js';
import type { FunctionTarget, Settle } from '../calls/calls.js';
import type { Imported } from './imported-functions.js';
import type { SessionApi } from '../part.js';
import { unwritable } from '../wire/parcel.js';
import { WriteLog } from '../wire/write-log.js';

export interface InvocationOptions {
  /** ms that the caller of a function waits for its result; `Infinity`: no limit. */
  timeout: number;
  /** Left out where this process cannot wait without turning its event loop. */
  blocking?: Blocking | undefined;
  /** An invocation has failed, and nobody waits for it. */
  onUnhandled(name: string, reason: string): void;
}

/** How this process waits for a function that is marked by `sync()`. */
export interface Blocking {
  codec: Codec;
  /** A copy of a message that does not change any more when the values in it do. */
  copy(message: Message): unknown;
  /** Sends an invocation and waits for its result. */
  request(message: CallbackInvoke): CallbackResult;
}

/** Makes what stands for a function of the other side, and invokes it. */
export class Invocations {
  readonly #options: InvocationOptions;
  /** For an export that could not wait: the next one is to find room. */
  readonly #makeRoomLater: () => void;
  #link!: SessionApi;
  #log: WriteLog | undefined;

  constructor(options: InvocationOptions, makeRoomLater: () => void) {
    this.#options = options;
    this.#makeRoomLater = makeRoomLater;
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  /** From then on a call may come that blocks. */
  #expectBlocking(): void {
    const { blocking } = this.#options;
    if (!blocking || this.#log) return;
    this.#log = new WriteLog((message) => blocking.copy(message));
    this.#link.keepUnwritten(this.#log);
  }

  createProxy(entry: Imported, meta: CallbackDescriptor['__procxy_meta']): AnyFunction {
    const name = meta.name || 'callback';
    const proxy = meta.sync ? this.#blockingProxy(entry, name) : this.#asyncProxy(entry, name);
    Object.defineProperties(proxy, {
      name: { value: meta.name, configurable: true },
      length: { value: meta.arity, configurable: true },
    });
    return proxy;
  }

  #blockingProxy(entry: Imported, name: string): AnyFunction {
    this.#expectBlocking();
    return (...args) => this.#invokeAndBlock(entry, name, args);
  }

  #asyncProxy(entry: Imported, name: string): AnyFunction {
    const onFailure: Invocation['onFailure'] = (promise, reason) => this.#reportUnlessAwaited(promise, name, reason);
    const proxy: AnyFunction = (...args) => {
      const invocation = new Invocation(onFailure);
      this.#link.open(target, name, args, options, invocation);
      return invocation.promise;
    };
    const target: FunctionTarget = { id: () => usableId(entry, name), proxy };
    const options = { timeout: this.#options.timeout, boundary: proxy };
    return proxy;
  }

  #reportUnlessAwaited(promise: CallbackPromise, name: string, reason: unknown): void {
    if (!promise.isAwaited && !this.#link.isOver()) this.#options.onUnhandled(name, describeReason(reason));
  }

  #invokeAndBlock(entry: Imported, name: string, args: unknown[]): unknown {
    const { blocking } = this.#options;
    if (!blocking) {
      throw new SyncCallbackError(
        `${name}() was marked by sync(), and this process cannot wait for it: that takes Node and a Unix socket. Pass the function itself.`,
      );
    }
    const callbackId = usableId(entry, name);
    this.#link.flush();
    const { wire, coded } = this.#encode(blocking.codec, args, name);
    const message: CallbackInvoke = {
      type: 'callback-invoke',
      callbackId,
      args: wire as unknown[],
      invokeId: this.#link.nextId(),
      after: this.#link.sent(),
      early: this.#log?.early(this.#link.sent()),
    };
    if (coded) message.coded = coded;
    const answer = this.#request(blocking, message, name);
    if (message.early) this.#log?.taken(message.early);
    return this.#read(answer, blocking.codec);
  }

  #encode(codec: Codec, args: unknown[], name: string): Encoded {
    try {
      return codec.encode(args, { root: 'args', method: name });
    } catch (error) {
      if (error instanceof CallbackLimitError) this.#makeRoomLater();
      throw error;
    }
  }

  #request(blocking: Blocking, message: CallbackInvoke, name: string): CallbackResult {
    try {
      return blocking.request(message);
    } catch (error) {
      this.#link.takeBack(message.coded);
      throw isProcxyError(error) ? error : unwritable(message, name, error);
    }
  }

  #read(answer: CallbackResult, codec: Codec): unknown {
    const { coded } = answer;
    const decode = (wire: unknown): unknown => (coded ? codec.decode(wire) : wire);
    this.#link.arrive(coded);
    try {
      if (answer.result === 'success') return decode(answer.value);
      throw decode(answer.error);
    } finally {
      this.#link.account(coded);
    }
  }
}

/** A call of a function, with the promise that its caller got. */
class Invocation implements Settle {
  readonly promise: CallbackPromise;
  resolve!: Settle['resolve'];
  #reject!: Settle['reject'];
  /** Called a turn after it was rejected, if nobody had waited for it by then. */
  readonly onFailure: (promise: CallbackPromise, reason: unknown) => void;

  constructor(onFailure: Invocation['onFailure']) {
    this.onFailure = onFailure;
    this.promise = new CallbackPromise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
  }

  reject(reason: unknown): void {
    if (!this.promise.isAwaited) {
      this.promise.ignoreRejection();
      // Whoever awaits it does so in this turn.
      setImmediate(() => this.onFailure(this.promise, reason));
    }
    this.#reject(reason);
  }
}

/** @throws {TerminatedError} when it was let go of */
function usableId({ id, released }: Imported, name: string): string {
  if (released) throw releasedError(name);
  return id;
}

export function releasedError(name: string): TerminatedError {
  return new TerminatedError(`${name}() was let go of by $releaseCallback(). Pass it again to use it again.`);
}
