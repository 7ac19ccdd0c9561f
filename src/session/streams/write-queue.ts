import { isProcxyError } from '../../errors.js';
import { isError } from '../../realm.js';
import type { StreamOutcome, Producer } from './source.js';
import { toError } from './to-error.js';
import type { Waiter } from './waiter.js';

export type Taken = (error?: Error) => void;

/**
 * When the stand-in emits the error with which the other side closed its stream early:
 *
 * - `now`: chunks are lost
 * - `when-heard`: nothing is being written, and the stand-in's user may be about to add a listener
 * - `if-heard`: not a failure of this stream, for example because the child has ended. The stand-in is destroyed anyway
 * - `never`: the stream's owner has ended it
 */
export type Urgency = 'now' | 'when-heard' | 'if-heard' | 'never';

interface Written {
  chunk: unknown;
  /** Called when the chunk was sent, or with the error that prevents it. */
  taken: Taken;
}

/**
 * | state     | meaning                                                  | left by                                      |
 * | --------- | -------------------------------------------------------- | -------------------------------------------- |
 * | `writing` | chunks are written, and sent as the other side asks      | `end()`, `fail()`, `close()`                 |
 * | `ending`  | the last chunk is written; the queue is still being sent | `fail()`, `close()`                          |
 * | `failed`  | this side has broken the stream off                      | `close()`, which {@link Source.fail} calls   |
 * | `closed`  | the other side has reported how the stream ended         |                                              |
 *
 * In the last two states, every further write fails with `lost`.
 */
type State =
  | { name: 'writing' | 'ending' }
  | { name: 'failed'; lost: Error; reason: unknown }
  | { name: 'closed'; lost: Error; outcome: StreamOutcome };

const END: IteratorResult<unknown> = { done: true, value: undefined };

/** Queues chunks written to the stand-in for a writable stream until the other side asks for them. */
export class WriteQueue implements Producer {
  readonly #queue: Written[] = [];
  /** The callbacks of chunks that the source has taken and not sent yet. */
  readonly #underway: Taken[] = [];
  readonly #onWaiting: (waiting: boolean) => void;
  #state: State = { name: 'writing' };
  /** Set while the source waits for the next chunk. */
  #waiter: Waiter | undefined;
  #onFinish: ((outcome: StreamOutcome) => void) | undefined;
  #onFail: (error: unknown) => void = () => {};
  #onEarlyClose: (error: Error, urgency: Urgency) => void = () => {};

  /** @param onWaiting called with `true` when a write starts to wait for the other side, and with `false` when none waits */
  constructor(onWaiting: (waiting: boolean) => void) {
    this.#onWaiting = onWaiting;
  }

  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
    const written = this.#queue.shift();
    if (written) {
      this.#underway.push(written.taken);
      return { done: false, value: written.chunk };
    }
    if (this.#state.name === 'failed') throw this.#state.reason;
    if (this.#state.name === 'ending') return END;
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  write(chunk: unknown, taken: Taken): void {
    if ('lost' in this.#state) return taken(this.#state.lost);
    this.#onWaiting(true);
    const waiter = this.#takeWaiter();
    if (waiter) {
      this.#underway.push(taken);
      waiter.resolve({ done: false, value: chunk });
    } else this.#queue.push({ chunk, taken });
  }

  sent(): void {
    const taken = this.#underway.shift();
    if (this.#isIdle && this.#state.name === 'writing') this.#onWaiting(false);
    taken?.();
  }

  /** Nothing more will be written. */
  end(): void {
    if (this.#state.name !== 'writing') return;
    this.#onWaiting(true);
    this.#state = { name: 'ending' };
    this.#takeWaiter()?.resolve(END);
  }

  /** Breaks the stream off. Chunks that were not sent are lost, as when a stream is destroyed. */
  fail(reason: unknown): void {
    if ('lost' in this.#state) return;
    const lost = toError(reason);
    this.#state = { name: 'failed', lost, reason };
    this.#lose(lost);
    this.#onFail(reason);
    this.#takeWaiter()?.reject(reason);
  }

  close(outcome: StreamOutcome, early: boolean): void {
    const before = this.#state;
    const urgency = this.#isIdle ? urgencyOf(outcome) : 'now';
    const lost = 'lost' in before ? before.lost : closeError(outcome);
    this.#state = { name: 'closed', lost, outcome };
    this.#onWaiting(false);
    this.#lose(lost);
    if (!early || this.#onFinish) this.#onFinish?.(outcome);
    else if (before.name !== 'failed') this.#onEarlyClose(lost, urgency);
  }

  /** Sets the listener for this side breaking the stream off. */
  onFail(listener: (error: unknown) => void): void {
    this.#onFail = listener;
  }

  /** Sets the listener for the outcome on the other side, once it has handled everything or failed. */
  onFinish(listener: (outcome: StreamOutcome) => void): void {
    if (this.#state.name === 'closed') listener(this.#state.outcome);
    else this.#onFinish = listener;
  }

  /** Sets the listener for the other side closing the stream early. */
  onEarlyClose(listener: (error: Error, urgency: Urgency) => void): void {
    this.#onEarlyClose = listener;
  }

  get #isIdle(): boolean {
    return this.#queue.length + this.#underway.length === 0;
  }

  #lose(error: Error): void {
    for (const { taken } of this.#queue.splice(0)) taken(error);
    for (const taken of this.#underway.splice(0)) taken(error);
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }
}

/** The urgency while nothing is being written. */
function urgencyOf({ failed, value }: StreamOutcome): Urgency {
  if (!failed) return 'never';
  return isProcxyError(value) ? 'if-heard' : 'when-heard';
}

function closeError({ failed, value }: StreamOutcome): Error {
  if (failed && isError(value)) return value;
  return new Error('The stream was closed in the other process before everything was written.', { cause: value });
}
