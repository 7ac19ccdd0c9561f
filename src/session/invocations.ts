import type { Codec, Encoded } from '../codec/codec.js';
import type { AnyFunction } from '../codec/function-codec.js';
import { CallbackLimitError, describeReason, isProcxyError, SyncCallbackError, TerminatedError } from '../errors.js';
import type { CallbackDescriptor, CallbackInvoke, CallbackResult, Message } from '../protocol.js';
import { CallbackPromise } from './callback-promise.js';
import type { FunctionTarget, Settle } from './calls.js';
import type { Imported } from './imported-functions.js';
import type { SessionLink } from './part.js';
import { unwritable } from './send.js';
import { WriteLog } from './write-log.js';

// Taken at import, so that a test's fake clock does not stop it.
const { setImmediate } = globalThis;

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
  #link!: SessionLink;
  #log: WriteLog | undefined;

  constructor(options: InvocationOptions, makeRoomLater: () => void) {
    this.#options = options;
    this.#makeRoomLater = makeRoomLater;
  }

  attach(link: SessionLink): void {
    this.#link = link;
  }

  /** From then on a call may come that blocks. */
  #expectBlocking(): void {
    const { blocking } = this.#options;
    if (!blocking || this.#log) return;
    this.#log = new WriteLog((message) => blocking.copy(message));
    this.#link.keepUnwritten(this.#log);
  }

  createProxy(entry: Imported, { name, arity, sync }: CallbackDescriptor['__procxy_meta']): AnyFunction {
    const display = name || 'callback';
    if (sync) this.#expectBlocking();
    const proxy: AnyFunction = sync
      ? (...args) => this.#invokeAndBlock(entry, display, args)
      : (...args) => this.#invoke(entry, display, args, proxy);
    Object.defineProperties(proxy, {
      name: { value: name, configurable: true },
      length: { value: arity, configurable: true },
    });
    return proxy;
  }

  #invoke(entry: Imported, name: string, args: unknown[], proxy: AnyFunction): Promise<unknown> {
    let settle!: Settle;
    const promise = new CallbackPromise<unknown>((resolve, reject) => (settle = { resolve, reject }));
    const reject = (reason: unknown): void => {
      if (!promise.isAwaited) {
        promise.ignoreRejection();
        // Whoever awaits it does so in this turn.
        setImmediate(() => this.#reportUnlessAwaited(promise, name, reason));
      }
      settle.reject(reason);
    };
    const target: FunctionTarget = { id: () => usableId(entry, name), proxy };
    const options = { timeout: this.#options.timeout, boundary: proxy };
    this.#link.open(target, name, args, options, { resolve: settle.resolve, reject });
    return promise;
  }

  #reportUnlessAwaited(promise: CallbackPromise<unknown>, name: string, reason: unknown): void {
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
      this.#link.settle(coded);
    }
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
