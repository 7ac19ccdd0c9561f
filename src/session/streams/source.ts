import { nextTick } from '../../clock.js';
import { warn } from '../../warnings.js';
import { describeReason, ProtocolError } from '../../errors.js';
import { isPromise } from '../../is-promise.js';

/** Makes the items of a source. */
export interface Producer {
  /** The next item, or the end. */
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** Sets who hears that the producer has come to its end. It may do so while nobody asks for an item. */
  watch?(stop: (outcome: StreamOutcome) => void): void;
  /** Called when an item has been sent, so that it may be changed again. */
  sent?(): void;
  /** Runs a method of the iterator behind it, where there is one. */
  step?(method: StepMethod, value: unknown): PromiseLike<IteratorResult<unknown>>;
  /**
   * Called once, when the sink is done.
   * @param outcome how the stream ended there
   * @param early whether the producer has not come to its end
   */
  close(outcome: StreamOutcome, early: boolean): void;
}

export type StepMethod = 'next' | 'return' | 'throw';

/** How a stream ended. */
export interface StreamOutcome {
  failed: boolean;
  /** What the iterator returned, or what went wrong. */
  value: unknown;
}

/** Where a source sends. */
export interface SourceOutput {
  /**
   * @param answer whether the item is the answer to a step
   * @param whole how many of the items are whole, or the last part of an item that was split
   */
  data(items: unknown[], answer: boolean, whole: number): void;
  end(outcome: StreamOutcome, answer: boolean): void;
}

export interface SourceOptions {
  producer: Producer;
  output: SourceOutput;
  /** What an item takes of the credit, in bytes. */
  cost(item: unknown): number;
  /** The most credit that the sink may give in advance, in bytes. */
  window: number;
  /** Cuts off the part for which there is credit; `undefined` where items stay whole. */
  split?: ((item: unknown, credit: number) => [part: unknown, rest: unknown]) | undefined;
  /** Whether an item keeps its content until the end of the turn. */
  isStable(item: unknown): boolean;
}

/**
 * The end of a stream at which items are made: no more of them than the sink has given credit for.
 *
 * What has been said, `#state`:
 *
 *     open ──── end, failure ────▶ ended ──── the sink is done ────▶ closed
 *
 * What the producer does, `#work`, while the source is open:
 *
 *          there is credit              its item comes later
 *     idle ───────────────▶ making ◀──────────────────────────▶ waiting
 *       ▲                     │
 *       └── the credit is used up, or the end has been reached
 */
export class Source {
  readonly #options: SourceOptions;
  #credit = 0;
  #batch: unknown[] = [];
  /** The rest of an item that was split. */
  #rest: { item: unknown } | undefined;
  /** How many items of the batch are parts that have a rest. */
  #parts = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #work: 'idle' | 'making' | 'waiting' = 'idle';
  /** How many steps have been asked for. The consumer drops items that were begun before the last one. */
  #asked = 0;
  /** Steps are answered one after the other. */
  #steps: Promise<void> = Promise.resolve();

  constructor(options: SourceOptions) {
    this.#options = options;
    options.producer.watch?.((outcome) => this.#stop(outcome));
  }

  get ended(): boolean {
    return this.#state !== 'open';
  }

  /** @throws {ProtocolError} for more credit than the window, with which the producer would never stop */
  pull(credit: number): void {
    if (this.#credit + credit > this.#options.window) {
      throw new ProtocolError(`A stream was asked for more at once than its window of ${this.#options.window}.`);
    }
    this.#credit += credit;
    if (this.#work === 'idle') void this.#pump();
  }

  step(method: StepMethod, value: unknown): void {
    this.#credit = 0;
    this.#asked++;
    this.#steps = this.#steps.then(() => this.#step(method, value));
  }

  /** The sink is done. */
  close(outcome: StreamOutcome): void {
    const early = !this.ended;
    this.#finish({ failed: false, value: undefined });
    this.#close(outcome, early);
  }

  /** Its items cannot be sent, or are not wanted any more. */
  fail(reason: unknown): void {
    const early = !this.ended;
    const outcome = { failed: true, value: reason };
    this.#finish(outcome);
    // Where all has been sent, the sink has not said yet that it is done.
    this.#close(outcome, early);
  }

  /** A producer that is at work, or whose last item is not sent, comes to its end by itself. */
  #stop(outcome: StreamOutcome): void {
    if (this.#work === 'idle' && !this.#rest) this.#end(outcome);
  }

  async #pump(): Promise<void> {
    const { producer } = this.#options;
    this.#work = 'making';
    try {
      while (this.#credit > 0 && !this.ended) {
        if (this.#rest) {
          this.#add(this.#rest.item);
          continue;
        }
        const asked = this.#asked;
        const next = producer.next();
        let result = isPromise(next) ? await this.#wait(next) : next;
        if (isPromise(result.value)) result = await this.#wait(this.#settle(result));
        if (this.ended) return;
        if (result.done) return this.#end({ failed: false, value: result.value });
        // A step was asked for meanwhile: the item was made before it, and would arrive after its answer.
        if (asked === this.#asked) this.#add(result.value);
      }
    } catch (error) {
      this.#end({ failed: true, value: error });
    } finally {
      this.#work = 'idle';
    }
  }

  async #wait<T>(next: PromiseLike<T>): Promise<T> {
    this.#work = 'waiting';
    try {
      return await next;
    } finally {
      this.#work = 'making';
    }
  }

  /** Awaits an item that is a promise, as `for await` does. If the promise is rejected, the producer is closed: it would go on. */
  async #settle({ done, value }: IteratorResult<unknown>, answer = false): Promise<IteratorResult<unknown>> {
    try {
      return { done: done === true, value: await value };
    } catch (error) {
      if (!this.ended) {
        const outcome = { failed: true, value: error };
        this.#end(outcome, answer);
        if (!done) this.#close(outcome, true);
      }
      throw error;
    }
  }

  /** Items that come without waiting travel together, except those that their maker may change when it goes on. */
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
    if (this.ended) return;
    this.#flush();
    this.#finish(outcome, answer);
  }

  #finish(outcome: StreamOutcome, answer = false): void {
    if (this.ended) return;
    this.#state = 'ended';
    this.#batch = [];
    this.#options.output.end(outcome, answer);
  }

  #close(outcome: StreamOutcome, early: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#options.producer.close(outcome, early);
  }

  async #step(method: StepMethod, value: unknown): Promise<void> {
    const { producer, output } = this.#options;
    if (this.ended || !producer.step) return;
    this.#flush();
    const step = producer.step(method, value);
    // The producer has run ahead and may be at work for long. The consumer does not know that, and does not wait for it.
    if (method === 'return' && this.#work === 'waiting') {
      step.then(undefined, (error: unknown) =>
        warn('PROCXY_STREAM_FAILED', `An iterator failed after it was ended early. ${describeReason(error)}.`),
      );
      return this.#end({ failed: false, value }, true);
    }
    try {
      let result = await step;
      if (isPromise(result.value)) result = await this.#settle(result, true);
      if (result.done) this.#end({ failed: false, value: result.value }, true);
      else if (!this.ended) output.data([result.value], true, 1);
    } catch (error) {
      this.#end({ failed: true, value: error }, true);
    }
  }
}
