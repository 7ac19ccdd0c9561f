import { nextTick } from '../../clock.js';
import { warn } from '../../warnings.js';
import { describeReason, ProtocolError } from '../../errors.js';
import { isPromise } from '../../is-promise.js';

/** Makes the items of a source. */
export interface Producer {
  /** Returns the next item, or the end. */
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** Sets the listener for the producer's end, which may come while no item is requested. */
  watch?(stop: (outcome: StreamOutcome) => void): void;
  /** Called when an item was sent, so that it may be changed again. */
  sent?(): void;
  /** Runs a method of the iterator. Only producers that have an iterator have this. */
  step?(method: StepMethod, value: unknown): PromiseLike<IteratorResult<unknown>>;
  /**
   * Called once, when the sink is done.
   * @param outcome how the stream ended there
   * @param early whether the producer has not reached its end
   */
  close(outcome: StreamOutcome, early: boolean): void;
}

export type StepMethod = 'next' | 'return' | 'throw';

/** How a stream ended. */
export interface StreamOutcome {
  failed: boolean;
  /** What the iterator returned, or the error. */
  value: unknown;
}

/** Messages from a source to its sink. */
export interface SourceOutput {
  /**
   * @param answer whether the item is the answer to a step
   * @param whole how many of the items are complete, counting the last part of a split item as complete
   */
  data(items: unknown[], answer: boolean, whole: number): void;
  end(outcome: StreamOutcome, answer: boolean): void;
}

export interface SourceOptions {
  producer: Producer;
  output: SourceOutput;
  /** How much credit an item uses, in bytes. */
  cost(item: unknown): number;
  /** The most credit that the sink may give in advance, in bytes. */
  window: number;
  /** Splits off the part of an item for which there is credit. `undefined` if items stay whole. */
  split?: ((item: unknown, credit: number) => [part: unknown, rest: unknown]) | undefined;
  /** Whether an item cannot change before the end of the turn. */
  isStable(item: unknown): boolean;
}

/**
 * The producing end of a stream. It makes no more items than the sink has given credit for.
 *
 * What the other side knows, `#state`:
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
  /** How many items of the batch are incomplete parts of an item. */
  #parts = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #work: 'idle' | 'making' | 'waiting' = 'idle';
  /** How many steps were requested. The consumer drops items that were begun before the last one. */
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

  /** @throws {ProtocolError} for more credit than the window: the producer would never pause */
  pull(credit: number): void {
    if (this.#credit + credit > this.#options.window) {
      throw new ProtocolError(`A stream received more credit than its window of ${this.#options.window} bytes.`);
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

  /** The items cannot be sent, or are no longer wanted. */
  fail(reason: unknown): void {
    const early = !this.ended;
    const outcome = { failed: true, value: reason };
    this.#finish(outcome);
    // The producer may have sent everything while the sink is not done yet.
    this.#close(outcome, early);
  }

  /** Ends an idle source. A source that is making items, or has a rest to send, reaches the end by itself. */
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
        // If a step was requested meanwhile, drops the item: it was made before the step, but would arrive after its answer.
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

  /** Awaits an item that is a promise, as `for await` does. If it rejects, closes the producer, which would otherwise continue. */
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

  /** Batches items that are made in one turn, except those that the producer may change meanwhile. */
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
    // The producer has run ahead and may be busy for long. The consumer does not know that, so it must not have to wait.
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
