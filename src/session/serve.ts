import { encodeThrown, type Codec } from '../codec/codec.js';
import { ProtocolError } from '../errors.js';
import type { CallbackResult, CallResult, Coded, Wire } from '../protocol.js';
import type { Send } from './send.js';

export type Answer = CallResult | CallbackResult;

/** What an answer begins with, whatever the outcome. */
export type AnswerHead = { type: 'call-result'; callId: number } | { type: 'callback-result'; invokeId: number };

/** Something that the other side wants to have run. */
export interface Request {
  head: AnswerHead;
  /** For sentences. */
  method: string;
  args: Wire[];
  coded: Coded | undefined;
  /** What it returns, resolves to or throws is the answer. */
  run(args: unknown[]): unknown;
}

export interface ServerOptions {
  codec: Codec;
  send: Send;
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

  /** @throws {ProtocolError} when the arguments are malformed */
  serve({ head, method, args, coded, run }: Request): void {
    this.#running++;
    const { codec } = this.#options;
    const succeed = (value: unknown): void => {
      this.#running--;
      this.#answer(head, method, () => successAnswer(codec, head, method, value));
    };
    const fail = (error: unknown): void => {
      this.#running--;
      this.#fail(head, method, error);
    };
    const values = coded ? decodeArgs(codec, args, fail) : args;
    if (!values) return;
    try {
      // A thenable gets what `await` would give it: it is asked once, and settles once.
      const value = run(values);
      if (isPromise(value)) Promise.resolve(value).then(succeed, fail);
      else succeed(value);
    } catch (error) {
      fail(error);
    }
  }

  #fail(head: AnswerHead, method: string, error: unknown): void {
    const { codec } = this.#options;
    this.#answer(head, method, () => failureAnswer(codec, head, method, error));
  }

  /** What cannot be sent is answered by the error that says so. */
  #answer(head: AnswerHead, method: string, build: () => Answer): void {
    const { send, beforeAnswer } = this.#options;
    beforeAnswer();
    send(build, method, (error) => this.#fail(head, method, error));
  }
}

/**
 * The arguments, unless this side does not know how to read them: then `fail` is called.
 * @throws {ProtocolError} when they are malformed
 */
export function decodeArgs(codec: Codec, args: Wire[], fail: (error: unknown) => void): unknown[] | undefined {
  try {
    return codec.decode(args) as unknown[];
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    fail(error);
    return undefined;
  }
}

/** @throws {SerializationError} when the value cannot cross */
export function successAnswer(codec: Codec, head: AnswerHead, method: string, value: unknown): Answer {
  const answer: Answer = { ...head, result: 'success' };
  if (value !== undefined) {
    const { wire, coded } = codec.encode(value, { root: 'result', method });
    answer.value = wire;
    if (coded) answer.coded = coded;
  }
  return answer;
}

export function failureAnswer(codec: Codec, head: AnswerHead, method: string, error: unknown): Answer {
  const answer: Answer = { ...head, result: 'error' };
  if (error !== undefined) {
    const { wire, coded } = encodeThrown(codec, error, method);
    answer.error = wire;
    if (coded) answer.coded = coded;
  }
  return answer;
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
