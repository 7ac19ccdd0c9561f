import { nextTick } from '../../clock.js';
import { warn } from '../../warnings.js';
import { describeReason, ProtocolError } from '../../errors.js';
import { isPromise } from '../calls/serve.js';

/** What a source takes its items from. */
export interface Producer {
  /** The next item, or the end. */
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** An item has been written, so that it may be changed again. */
  sent?(): void;
  /** Runs a method of the iterator behind it; only iterators have such. */
  step?(method: StepMethod, value: unknown): PromiseLike<IteratorResult<unknown>>;
  /**
   * The sink has done: with all that came, or early.
   * @param outcome how it ended over there
   * @param early whether the producer has not come to its end
   */
  close(outcome: StreamOutcome, early: boolean): void;
}

export type StepMethod = 'next' | 'return' | 'throw';

/** How a stream ended. */
export interface StreamOutcome {
  failed: boolean;
  /** What an iterator has returned, or what went wrong. */
  value: unknown;
}

/** Where a source sends. */
export interface SourceOutput {
  /**
   * @param answer it is the answer to a step
   * @param whole how many of the items are whole, or the last of one that was split
   */
  data(items: unknown[], answer: boolean, whole: number): void;
  end(outcome: StreamOutcome, answer: boolean): void;
}

export interface SourceOptions {
  producer: Producer;
  output: SourceOutput;
  /** What an item takes of the credit. */
  cost(item: unknown): number;
  /** The most credit that the other end may have given and not seen used. */
  window: number;
  /** Cuts off what there is credit for, where an item may come in parts. */
  split?: ((item: unknown, credit: number) => [part: unknown, rest: unknown]) | undefined;
  /** Whether it stays what it is until the end of the turn. */
  isStable(item: unknown): boolean;
}

/** The end of a stream at which items are made: no more of them than the other end has given credit for. */
export class Source {
  readonly #options: SourceOptions;
  #credit = 0;
  #batch: unknown[] = [];
  /** What is left of an item that was split. */
  #rest: { item: unknown } | undefined;
  /** How many of the batch are parts with a rest. */
  #parts = 0;
  #pumping = false;
  /** The producer is at work. */
  #waiting = false;
  #ended = false;
  #closed = false;
  /** How many steps have been asked for: what was begun before the last one is not for its consumer, who drops it. */
  #asked = 0;
  /** Steps are answered one after the other. */
  #steps: Promise<void> = Promise.resolve();

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @throws {ProtocolError} for more than the window: it would never stop */
  pull(credit: number): void {
    if (this.#credit + credit > this.#options.window) {
      throw new ProtocolError(`A stream was asked for more at once than its window of ${this.#options.window}.`);
    }
    this.#credit += credit;
    if (!this.#pumping) void this.#pump();
  }

  step(method: StepMethod, value: unknown): void {
    this.#credit = 0;
    this.#asked++;
    this.#steps = this.#steps.then(() => this.#step(method, value));
  }

  /** The sink has done. */
  close(outcome: StreamOutcome): void {
    const early = !this.#ended;
    this.#finish({ failed: false, value: undefined });
    this.#close(outcome, early);
  }

  /** What it makes cannot be sent, or is not wanted any more. */
  fail(reason: unknown): void {
    const early = !this.#ended;
    const outcome = { failed: true, value: reason };
    this.#finish(outcome);
    // Also where all was sent, and the sink has not said that it has done with it.
    this.#close(outcome, early);
  }

  async #pump(): Promise<void> {
    const { producer } = this.#options;
    this.#pumping = true;
    try {
      while (this.#credit > 0 && !this.#ended) {
        if (this.#rest) {
          this.#add(this.#rest.item);
          continue;
        }
        const asked = this.#asked;
        const next = producer.next();
        const result = isPromise(next) ? await this.#wait(next) : next;
        if (this.#ended) return;
        if (result.done) return this.#end({ failed: false, value: result.value });
        // It may come after the step's answer, and was made before.
        if (asked === this.#asked) this.#add(result.value);
      }
    } catch (error) {
      this.#end({ failed: true, value: error });
    } finally {
      this.#pumping = false;
    }
  }

  async #wait<T>(next: PromiseLike<T>): Promise<T> {
    this.#waiting = true;
    try {
      return await next;
    } finally {
      this.#waiting = false;
    }
  }

  /** Items that come without waiting travel together, but for those that their maker may change when it goes on. */
  #add(whole: unknown): void {
    const { cost, split } = this.#options;
    let item = whole;
    this.#rest = undefined;
    if (split && cost(whole) > this.#credit) {
      const [part, rest] = split(whole, this.#credit);
      item = part;
      this.#rest = { item: rest };
      this.#parts++;
    }
    this.#credit -= cost(item);
    if (!this.#options.isStable(item)) {
      this.#batch.push(item);
      this.#flush();
    } else if (this.#batch.push(item) === 1) nextTick(() => this.#flush());
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const items = this.#batch;
    const whole = items.length - this.#parts;
    this.#batch = [];
    this.#parts = 0;
    this.#options.output.data(items, false, whole);
  }

  #end(outcome: StreamOutcome, answer = false): void {
    if (this.#ended) return;
    this.#flush();
    this.#finish(outcome, answer);
  }

  #finish(outcome: StreamOutcome, answer = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#batch = [];
    this.#options.output.end(outcome, answer);
  }

  #close(outcome: StreamOutcome, early: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.producer.close(outcome, early);
  }

  async #step(method: StepMethod, value: unknown): Promise<void> {
    const { producer, output } = this.#options;
    if (this.#ended || !producer.step) return;
    this.#flush();
    const step = producer.step(method, value);
    // It has run ahead, and may be at work for long: the consumer, who could not know, does not wait for it.
    if (method === 'return' && this.#waiting) {
      step.then(undefined, (error: unknown) =>
        warn('PROCXY_STREAM_FAILED', `An iterator failed after it was ended early. ${describeReason(error)}.`),
      );
      return this.#end({ failed: false, value }, true);
    }
    try {
      const result = await step;
      if (result.done) this.#end({ failed: false, value: result.value }, true);
      else if (!this.#ended) output.data([result.value], true, 1);
    } catch (error) {
      this.#end({ failed: true, value: error }, true);
    }
  }
}
