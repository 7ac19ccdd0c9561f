import type { Channel } from '../../channel/channel.js';
import { SharedLane } from '../../channel/shared-lane.js';
import { now } from '../../clock.js';
import { ProtocolError, SyncCallbackError, TimeoutError } from '../../errors.js';
import { isPromise } from '../../is-promise.js';
import type { CallbackInvoke } from '../../protocol.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { ErrorFactory } from '../calls/open-call.js';
import { Deadlines } from '../calls/deadlines.js';
import { afterDrain } from '../calls/drain.js';
import type { Answer } from '../calls/serve.js';
import type { Callbacks } from '../functions/callbacks.js';
import type { ExportedFunction } from '../functions/exported-functions.js';
import type { SessionApi, SessionPart } from '../part.js';
import { findMalformedField, isOurs } from '../wire/message-shape.js';
import type { Parcel } from '../wire/parcel.js';
import { earlyFormat, type EarlyFormat } from './early-messages.js';
import { Waiting } from './waiting.js';

export interface SyncCallsOptions {
  /** Carries invocations to this side and answers to the child, which blocks at the other end. */
  channel: Channel;
  mode: SerializationMode;
  callbacks: Callbacks;
  /** ms that the child waits. `Infinity` means no limit. */
  timeout: number;
  /** What the child waits for. Instances of one child share it, since they wait together. Default: its own. */
  waiting?: Waiting | undefined;
  /** Whether the child also waits for promises. With `inProcess` it cannot: it blocks the event loop that would settle them. */
  awaitsPromises: boolean;
}

/** What instances of one child share: they all wait while one of them does. */
export interface SharedSync {
  readonly lane: SharedLane;
  readonly waiting: Waiting;
}

/**
 * The invocation for which the child waits:
 *
 * | state | what happens | next |
 * |---|---|---|
 * | `due` | messages that the child sent before it are still to be handled | `running` when they are; `answered` at a timeout or an abort |
 * | `running` | the function runs, or its promise is pending | `answered` |
 * | `answered` | the child has its answer; a late result is dropped | |
 */
interface Job {
  state: 'due' | 'running' | 'answered';
  readonly message: CallbackInvoke;
  readonly fn: ExportedFunction;
  readonly name: string;
  readonly deadline: number;
  readonly answer: Answer;
}

/** The parent's half of `sync()`: runs a function while the child blocks, and writes the answer to the lane that the child reads. */
export class SyncCalls implements SessionPart {
  readonly handlers = {};
  readonly #options: SyncCallsOptions;
  readonly #format: EarlyFormat;
  readonly #waiting: Waiting;
  readonly #deadlines: Deadlines;
  #link!: SessionApi;
  #job: Job | undefined;
  /** Set if instances of the child have lanes of their own. */
  #lane: SharedLane | undefined;

  constructor(options: SyncCallsOptions) {
    this.#options = options;
    this.#waiting = options.waiting ?? new Waiting();
    this.#format = earlyFormat(options.mode);
    this.#deadlines = new Deadlines({
      received: () => this.#link.inbox.received,
      sweep: (time) => this.#expire(time),
    });
  }

  attach(link: SessionApi): void {
    this.#link = link;
    this.#options.channel.onMessage((message) => this.#guard(() => this.#receive(message)));
  }

  /** The child has several instances: from now on, each invocation names its instance. */
  share(): SharedSync {
    this.#lane ??= new SharedLane(this.#options.channel);
    return { lane: this.#lane, waiting: this.#waiting };
  }

  /** Whether the child waits, for a function of this instance or another one. */
  get isWaitedFor(): boolean {
    return this.#waiting.isActive;
  }

  /** Returns an error if a call is made from within the function that the child waits for: the child could not answer it. */
  refuse(method: string): SyncCallbackError | undefined {
    const job = this.#waiting.context.getStore();
    if (!job || job.state === 'answered') return undefined;
    return new SyncCallbackError(
      `${method}() was called from within ${job.name}(), but the child is blocked until ${job.name}() returns. ` +
        'Call it after the function has returned, or pass the function without sync().',
    );
  }

  afterMessage(): void {
    if (this.#job) this.#startWhenDue(this.#job);
  }

  /** Answers the waiting child with an error. */
  end(reason: ErrorFactory): void {
    if (this.#job) this.#fail(this.#job, reason(this.#job.name));
  }

  close(): void {
    this.#deadlines.close();
    if (this.#job) this.#waiting.end(this.#job);
    this.#job = undefined;
    this.#options.channel.close();
  }

  #receive(message: unknown): void {
    if (this.#lane) return this.#lane.receive(message);
    if (!isOurs(message) || message.type !== 'callback-invoke' || findMalformedField(message) !== undefined) {
      throw new ProtocolError('A message on the socket for sync() is not an invocation.');
    }
    if (this.#job) throw new ProtocolError('The child invoked a function while it was waiting for another one.');
    const job = this.#open(message as CallbackInvoke);
    this.#job = job;
    this.#waiting.begin(job);
    if (job.deadline !== Infinity) this.#deadlines.watch(job.deadline);
    this.#link.keepAwake();
    this.#startWhenDue(job);
    // Messages that the child could not write before it blocked will not arrive: starts without them.
    const start = (): void => this.#guard(() => this.#start(job));
    if (job.state === 'due') afterDrain(() => this.#link.inbox.received, start);
  }

  #open(message: CallbackInvoke): Job {
    const fn = this.#options.callbacks.find(message.callbackId);
    if (!fn.sync) throw new ProtocolError('The child waits for a function that is not marked by sync().');
    const name = fn.name || 'callback';
    const deadline = now() + this.#options.timeout;
    const head = { type: 'callback-result', invokeId: message.invokeId } as const;
    const answer = this.#link.server.open(head, name, (parcel) => this.#answer(job, parcel));
    const job: Job = { state: 'due', message, fn, name, deadline, answer };
    return job;
  }

  /** Handles copies of earlier messages in the invocation that the channel has not brought, then starts the job if none is missing. */
  #startWhenDue(job: Job): void {
    const { after = 0, early } = job.message;
    const received = this.#link.inbox.received;
    if (early && received >= early.from && received < after) {
      job.message.early = undefined;
      this.#link.inbox.receiveEarly(early.from, early.messages.map(this.#format.restore));
    }
    if (this.#link.inbox.received >= after) this.#start(job);
  }

  #start(job: Job): void {
    if (job.state !== 'due') return;
    job.state = 'running';
    const { args, coded, trace } = job.message;
    const { callbacks } = this.#options;
    this.#link.arrive(coded);
    try {
      this.#link.server.run(job.answer, args, coded, (values) =>
        callbacks.run(job.fn, values, trace, (run) => this.#waiting.context.run(job, () => this.#checked(job, run()))),
      );
    } finally {
      this.#link.account(coded);
    }
  }

  /** @throws {SyncCallbackError} for a promise that the child cannot wait for */
  #checked(job: Job, result: unknown): unknown {
    if (this.#options.awaitsPromises || !isPromise(result)) return result;
    Promise.resolve(result).catch(() => {});
    throw new SyncCallbackError(
      `${job.name}() returned a promise. With { inProcess: true } the instance cannot wait for one: it blocks the event loop that ` +
        'would settle it. Return the value itself, or pass the function without sync().',
    );
  }

  #fail(job: Job, error: Error): void {
    this.#link.server.fail(job.answer, error);
  }

  /** Sends the answer, or the error that replaces it. */
  #answer(job: Job, parcel: Parcel): void {
    job.state = 'answered';
    this.#waiting.end(job);
    if (this.#job === job) this.#job = undefined;
    this.#link.sendAtOnce(parcel, (message) => this.#options.channel.send(message));
    // The child may invoke the next function immediately.
    this.#link.keepAwake();
  }

  #expire(time: number): number {
    const job = this.#job;
    if (!job) return Infinity;
    if (job.deadline > time) return job.deadline;
    const { timeout } = this.#options;
    const message = `${job.name}() did not return within ${timeout} ms, so the child stopped waiting. Raise \`callbackTimeout\` for slow functions.`;
    this.#fail(job, new TimeoutError(job.name, timeout, message));
    return Infinity;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#link.inbox.violate(error);
    }
  }
}
