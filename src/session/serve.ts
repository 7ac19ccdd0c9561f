import { encodeThrown, type Codec } from '../codec/codec.js';
import type { CallInvoke, CallResult } from '../protocol.js';
import type { CallTarget } from './calls.js';
import type { Send } from './send.js';

/** Runs a method for the other side. What it returns, resolves to or throws is the answer. */
export type Run = (target: CallTarget, method: string, args: unknown[]) => unknown;

export interface ServerOptions {
  codec: Codec;
  send: Send;
  run: Run;
  /** Called before each answer is sent. Must not throw. */
  beforeAnswer(): void;
}

/** Answers the calls that the other side makes. */
export class Server {
  readonly #options: ServerOptions;
  #running = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Calls that are not answered yet. */
  get size(): number {
    return this.#running;
  }

  serve({ callId, target, method, args, coded }: CallInvoke): void {
    this.#running++;
    const succeed = (value: unknown): void => this.#succeed(callId, method, value);
    const fail = (error: unknown): void => this.#fail(callId, method, error);
    try {
      const decoded = coded ? (this.#options.codec.decode(args) as unknown[]) : args;
      const value = this.#options.run(target ?? 'instance', method, decoded);
      // A thenable gets what `await` would give it: it is asked once, and settles once.
      if (isPromise(value)) Promise.resolve(value).then(succeed, fail);
      else succeed(value);
    } catch (error) {
      fail(error);
    }
  }

  #succeed(callId: number, method: string, value: unknown): void {
    this.#options.beforeAnswer();
    try {
      const answer: CallResult = { type: 'call-result', callId, result: 'success' };
      if (value !== undefined) {
        const { wire, coded } = this.#options.codec.encode(value, { root: 'result', method });
        answer.value = wire;
        if (coded) answer.coded = true;
      }
      this.#answer(answer, method);
    } catch (error) {
      this.#fail(callId, method, error);
    }
  }

  #fail(callId: number, method: string, error: unknown): void {
    this.#options.beforeAnswer();
    const answer: CallResult = { type: 'call-result', callId, result: 'error' };
    if (error !== undefined) {
      const { wire, coded } = encodeThrown(this.#options.codec, error, method);
      answer.error = wire;
      if (coded) answer.coded = true;
    }
    try {
      this.#answer(answer, method);
    } catch (unsendable) {
      this.#fail(callId, method, unsendable);
    }
  }

  #answer(answer: CallResult, method: string): void {
    this.#options.send(answer, method);
    this.#running--;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
