import { AsyncLocalStorage } from 'node:async_hooks';
import type { Channel } from '../../channel/channel.js';
import { now } from '../../clock.js';
import type { Codec } from '../../codec/codec.js';
import { CallbackLimitError, ProtocolError, SyncCallbackError, TimeoutError } from '../../errors.js';
import type { CallbackInvoke } from '../../protocol.js';
import type { Callbacks } from '../functions/callbacks.js';
import type { ErrorFactory } from '../calls/calls.js';
import { Deadlines } from '../calls/deadlines.js';
import { afterDrain } from '../calls/drain.js';
import { findMalformedField, isOurs } from '../wire/message-shape.js';
import type { Accounts } from '../part.js';
import { unwritable } from '../wire/parcel.js';
import { decodeArgs, failureAnswer, isPromise, successAnswer, type Answer } from '../calls/serve.js';

export interface SyncCallsOptions {
  /** Brings the invocations and takes the answers; the child waits at its other end. */
  channel: Channel;
  codec: Codec;
  callbacks: Callbacks;
  accounts: Accounts;
  /** ms that the child waits; `Infinity`: no limit. */
  timeout: number;
  /** How many messages of the session's channel have been taken. */
  received(): number;
  /** Takes messages of that channel which came with an invocation. */
  receiveEarly(from: number, messages: readonly unknown[]): void;
  /** Called when the child waits and when it goes on: it may ask again at once. */
  keepAwake(): void;
  onViolation(error: unknown): void;
}

/** The invocation for which the child blocks. */
interface Job {
  readonly message: CallbackInvoke;
  readonly name: string;
  readonly deadline: number;
  started: boolean;
  answered: boolean;
}

/** Serves a child that blocks until a function of the parent has returned. */
export class SyncCalls {
  readonly #options: SyncCallsOptions;
  /** Tells what is called from within a function for which the child waits. */
  readonly #context = new AsyncLocalStorage<Job>();
  readonly #deadlines: Deadlines;
  #job: Job | undefined;

  constructor(options: SyncCallsOptions) {
    this.#options = options;
    const { received } = options;
    this.#deadlines = new Deadlines({ received, sweep: (time) => this.#expire(time) });
    options.channel.onMessage((message) => this.#guard(() => this.#receive(message)));
  }

  get isWaitedFor(): boolean {
    return this.#job !== undefined;
  }

  /** Why the child cannot answer a call that is made here: it waits for the caller. */
  refuse(method: string): SyncCallbackError | undefined {
    const job = this.#context.getStore();
    if (!job || job.answered) return undefined;
    return new SyncCallbackError(
      `${method}() was called from within ${job.name}(), for whose result the child waits: it cannot run anything before that. ` +
        'Call it after the function has returned, or pass the function without sync().',
    );
  }

  /** To be called after each message on the session's channel. */
  afterMessage(): void {
    if (this.#job) this.#startWhenDue(this.#job);
  }

  /** Lets the child go on, with an error. */
  abort(reason: ErrorFactory): void {
    if (this.#job) this.#fail(this.#job, reason(this.#job.name));
  }

  close(): void {
    this.#deadlines.close();
    this.#job = undefined;
    this.#options.channel.close();
  }

  #receive(message: unknown): void {
    if (!isOurs(message) || message.type !== 'callback-invoke' || findMalformedField(message) !== undefined) {
      throw new ProtocolError('A message arrived that is no invocation, where a child waits for one.');
    }
    if (this.#job) throw new ProtocolError('A child that waits for a function invoked another.');
    const invoke = message as CallbackInvoke;
    const { name, sync } = this.#options.callbacks.find(invoke.callbackId);
    if (!sync) throw new ProtocolError('A child waits for a function that is not marked by sync().');
    const deadline = now() + this.#options.timeout;
    const job: Job = { message: invoke, name: name || 'callback', deadline, started: false, answered: false };
    this.#job = job;
    if (deadline !== Infinity) this.#deadlines.watch(deadline);
    this.#options.keepAwake();
    this.#startWhenDue(job);
    // What the child could not write before it blocked will not come.
    if (!job.started)
      afterDrain(
        () => this.#options.received(),
        () => this.#guard(() => this.#start(job)),
      );
  }

  #expire(time: number): number {
    const job = this.#job;
    if (!job) return Infinity;
    if (job.deadline > time) return job.deadline;
    const { timeout } = this.#options;
    const message = `${job.name}() did not return within ${timeout} ms, for which the child waited. Raise \`callbackTimeout\` for slow functions.`;
    this.#fail(job, new TimeoutError(job.name, timeout, message));
    return Infinity;
  }

  #startWhenDue(job: Job): void {
    const { received } = this.#options;
    const { after = 0, early } = job.message;
    if (early && received() >= early.from && received() < after) this.#takeEarly(job);
    if (received() >= after) this.#start(job);
  }

  #takeEarly(job: Job): void {
    const { early } = job.message;
    if (!early) return;
    job.message.early = undefined;
    this.#options.receiveEarly(early.from, early.messages);
  }

  #start(job: Job): void {
    if (job.started || job.answered) return;
    job.started = true;
    const { accounts } = this.#options;
    const { coded } = job.message;
    accounts.arrive(coded);
    try {
      this.#run(job);
    } finally {
      accounts.account(coded);
    }
  }

  #run(job: Job): void {
    const { callbacks, codec } = this.#options;
    const { callbackId, args, coded } = job.message;
    const decoded = coded ? decodeArgs(codec, args, (error) => this.#fail(job, error)) : args;
    if (!decoded) return;
    try {
      const value = this.#context.run(job, () => callbacks.run(callbacks.find(callbackId), decoded));
      if (!isPromise(value)) return this.#succeed(job, value);
      Promise.resolve(value).then(
        (result) => this.#succeed(job, result),
        (error: unknown) => this.#fail(job, error),
      );
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #succeed(job: Job, value: unknown): void {
    try {
      this.#answer(job, () => successAnswer(this.#options.codec, head(job), job.name, value));
    } catch (error) {
      if (error instanceof CallbackLimitError) this.#options.callbacks.makeRoomLater();
      this.#fail(job, error);
    }
  }

  #fail(job: Job, error: unknown): void {
    this.#answer(job, () => failureAnswer(this.#options.codec, head(job), job.name, error));
  }

  #answer(job: Job, build: () => Answer): void {
    if (job.answered) return;
    const answer = build();
    try {
      this.#options.channel.send(answer);
    } catch (error) {
      this.#options.accounts.takeBack(answer.coded);
      throw unwritable(answer, job.name, error);
    }
    job.answered = true;
    this.#job = undefined;
    this.#options.keepAwake();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.onViolation(error);
    }
  }
}

function head({ message: { invokeId } }: Job): { type: 'callback-result'; invokeId: number } {
  return { type: 'callback-result', invokeId };
}
