import { encodeThrown, type Codec } from '../../codec/codec.js';
import { ProtocolError } from '../../errors.js';
import type { CallbackResult, CallResult, Coded, Wire } from '../../protocol.js';
import { annotate, type Parcel, type Send } from '../wire/parcel.js';

export type Answer = CallResult | CallbackResult;

/** What an answer begins with, whatever the outcome. */
export type AnswerHead = { type: 'call-result'; callId: number } | { type: 'callback-result'; invokeId: number };

export interface ServerOptions {
  codec: Codec;
  send: Send;
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

  /**
   * @param method for sentences
   * @param run what it returns, resolves to or throws is the answer
   * @throws {ProtocolError} when the arguments are malformed
   */
  serve(
    head: AnswerHead,
    method: string,
    args: Wire[],
    coded: Coded | undefined,
    run: (args: unknown[]) => unknown,
  ): void {
    this.#running++;
    const { codec } = this.#options;
    const outcome = new Outcome(codec, head, method);
    const values = coded ? decodeArgs(codec, args, (error) => this.#answer(outcome.fail(error))) : args;
    if (!values) return;
    let value: unknown;
    try {
      value = run(values);
    } catch (error) {
      return this.#answer(outcome.fail(error));
    }
    if (!isPromise(value)) return this.#answer(outcome.succeed(value));
    // A thenable gets what `await` would give it: it is asked once, and settles once.
    Promise.resolve(value).then(
      (result) => this.#answer(outcome.succeed(result)),
      (error: unknown) => this.#answer(outcome.fail(error)),
    );
  }

  #answer(outcome: Outcome): void {
    this.#running--;
    outcome.sendBy(this.#options.send);
  }
}

/** What has come of a call. */
class Outcome implements Parcel {
  readonly method: string;
  readonly #codec: Codec;
  readonly #head: AnswerHead;
  #send: Send | undefined;
  #isFailure = false;
  /** The result, or what was thrown. */
  #value: unknown;

  constructor(codec: Codec, head: AnswerHead, method: string) {
    this.#codec = codec;
    this.#head = head;
    this.method = method;
  }

  succeed(value: unknown): this {
    this.#value = value;
    return this;
  }

  fail(error: unknown): this {
    this.#isFailure = true;
    this.#value = error;
    return this;
  }

  sendBy(send: Send): void {
    this.#send = send;
    send(this);
  }

  build(): Answer {
    const make = this.#isFailure ? failureAnswer : successAnswer;
    return make(this.#codec, this.#head, this.method, this.#value);
  }

  /** What cannot be sent is answered by the error that says so. */
  failed(error: unknown): void {
    this.#send?.(this.fail(error));
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
  if (value === undefined) {
    return head.type === 'call-result'
      ? { type: head.type, callId: head.callId, result: 'success' }
      : { type: head.type, invokeId: head.invokeId, result: 'success' };
  }
  const encoded = codec.encode(value, { root: 'result', method });
  const { wire } = encoded;
  const answer: Answer =
    head.type === 'call-result'
      ? { type: head.type, callId: head.callId, result: 'success', value: wire }
      : { type: head.type, invokeId: head.invokeId, result: 'success', value: wire };
  return annotate(answer, encoded);
}

export function failureAnswer(codec: Codec, head: AnswerHead, method: string, error: unknown): Answer {
  const answer: Answer = { ...head, result: 'error' };
  if (error === undefined) return answer;
  const encoded = encodeThrown(codec, error, method);
  answer.error = encoded.wire;
  return annotate(answer, encoded);
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
