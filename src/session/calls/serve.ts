import type { Codec } from '../../codec/codec.js';
import { ProtocolError } from '../../errors.js';
import { isPromise } from '../../is-promise.js';
import type { CallbackResult, CallResult, Coded, Wire } from '../../protocol.js';
import type { Send } from '../wire/parcel.js';
import { ValueParcel, type Form, type Sender } from '../wire/value-parcel.js';

/** The fields that match an answer to its call. */
export type AnswerHead = { type: 'call-result'; callId: number } | { type: 'callback-result'; invokeId: number };

/** The answer to one call of the other side. */
export type Answer = ValueParcel<AnswerHead>;

/** Fields are always in the same order, so that V8 gives all answers the same shape. */
const answerForm: Form<AnswerHead> = {
  root: 'result',
  success(head, value): CallResult | CallbackResult {
    if (head.type === 'call-result') {
      if (value === undefined) return { type: head.type, callId: head.callId, result: 'success' };
      return { type: head.type, callId: head.callId, result: 'success', value };
    }
    if (value === undefined) return { type: head.type, invokeId: head.invokeId, result: 'success' };
    return { type: head.type, invokeId: head.invokeId, result: 'success', value };
  },
  failure: (head, error): CallResult | CallbackResult =>
    error === undefined ? { ...head, result: 'error' } : { ...head, result: 'error', error },
};

export interface ServerOptions {
  codec: Codec;
  /** Sends the answers to calls that arrived on the channel. */
  send: Send;
}

/** A result of an earlier call that is an argument of another. */
export abstract class AwaitedResult {
  /** Calls back with the value as soon as it is there. @throws {PipelineError} when its call has failed */
  abstract use(method: string, run: (value: unknown) => unknown): unknown;
}

/** How a call has ended. */
export type CallOutcome = { value: unknown } | { error: unknown };

/** Keeps the results of calls for other calls that need them. */
export interface ResultKeeper {
  open(callId: number): void;
  answered(callId: number, outcome: CallOutcome): void;
}

/** Runs a call when the results among its arguments are there. */
function withResults(values: unknown[], method: string, run: (values: unknown[]) => unknown): unknown {
  const index = values.findIndex((value) => value instanceof AwaitedResult);
  if (index === -1) return run(values);
  return (values[index] as AwaitedResult).use(method, (value) => {
    const known = [...values];
    known[index] = value;
    return withResults(known, method, run);
  });
}

/** Answers the calls that the other side makes. */
export class Server {
  readonly #codec: Codec;
  readonly #channel: Sender<AnswerHead>;
  #running = 0;
  /** `undefined` if results cannot be used before they arrive. */
  keeper: ResultKeeper | undefined;

  constructor({ codec, send }: ServerOptions) {
    this.#codec = codec;
    this.#channel = { codec, form: answerForm, send };
  }

  /** Calls that are not answered yet. */
  get size(): number {
    return this.#running;
  }

  /**
   * Runs a call that arrived on the channel, and answers it.
   * @param method its name in error messages
   * @param run its result or error is the answer
   * @throws {ProtocolError} if the arguments are malformed
   */
  serve(
    head: AnswerHead,
    method: string,
    args: Wire[],
    coded: Coded | undefined,
    run: (args: unknown[]) => unknown,
  ): void {
    const { keeper } = this;
    const answer = this.open(head, method);
    if (!keeper || head.type !== 'call-result') return this.run(answer, args, coded, run);
    const { callId } = head;
    keeper.open(callId);
    const keep = (outcome: CallOutcome): void => keeper.answered(callId, outcome);
    this.run(answer, args, coded, (values) => withResults(values, method, run), keep);
  }

  /**
   * Counts a call as open, and returns its answer to be filled in.
   * @param send sends the answer, if the call did not arrive on the channel
   */
  open(head: AnswerHead, method: string, send?: Send): Answer {
    this.#running++;
    return new ValueParcel(send ? { ...this.#channel, send } : this.#channel, head, { method });
  }

  /** @throws {ProtocolError} if the arguments are malformed */
  run(
    answer: Answer,
    args: Wire[],
    coded: Coded | undefined,
    run: (args: unknown[]) => unknown,
    keep?: (outcome: CallOutcome) => void,
  ): void {
    const values = coded ? this.#decode(answer, args, keep) : args;
    if (!values) return;
    let value: unknown;
    try {
      value = run(values);
    } catch (error) {
      return this.fail(answer, error, keep);
    }
    if (!isPromise(value)) return this.#succeed(answer, value, keep);
    // As `await` does: calls a thenable's `then` once and ignores all but its first outcome.
    Promise.resolve(value).then(
      (result) => this.#succeed(answer, result, keep),
      (error: unknown) => this.fail(answer, error, keep),
    );
  }

  /** Answers with an error, unless the call is answered already. */
  fail(answer: Answer, error: unknown, keep?: (outcome: CallOutcome) => void): void {
    if (answer.isSent) return;
    this.#running--;
    keep?.({ error });
    answer.fail(error);
  }

  /** Returns the arguments. If this process cannot read them, answers with that error and returns `undefined`. */
  #decode(answer: Answer, args: Wire[], keep?: (outcome: CallOutcome) => void): unknown[] | undefined {
    try {
      return this.#codec.decode(args) as unknown[];
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      this.fail(answer, error, keep);
      return undefined;
    }
  }

  #succeed(answer: Answer, value: unknown, keep: ((outcome: CallOutcome) => void) | undefined): void {
    if (answer.isSent) return;
    this.#running--;
    keep?.({ value });
    answer.succeed(value);
  }
}
