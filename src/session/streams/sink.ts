/*
 * This file is longer than most, because each method of a sink reads and changes its state: separate classes would share all of it.
 */
import { ProtocolError } from '../../errors.js';
import { Credit } from './credit.js';
import { HeldItems } from './held-items.js';
import type { StreamOutcome, StepMethod } from './source.js';
import { settleMissed, type Step } from './step.js';
import type { Waiter } from './waiter.js';

/** Messages from a sink to its source. */
export interface SinkOutput {
  pull(credit: number): void;
  step(method: StepMethod, value: unknown): void;
  close(outcome: StreamOutcome): void;
}

export interface SinkOptions {
  output: SinkOutput;
  /** The most that may be in transit or held here, in the unit of `cost`. */
  window: number;
  /** The first credit. The window grows from there up to `window` as the reader continues. */
  start: number;
  cost(item: unknown): number;
  /** Whether the sink closes when the end arrives. Otherwise its owner closes it. */
  closesItself: boolean;
  /** Called with `true` when a request waits for the other side, and with `false` when none does. Values may repeat. */
  onWaiting(waiting: boolean): void;
}

/**
 * The consuming end of a stream. It gives credit as items are taken.
 *
 *                step()
 *             ┌──────────▶ stepping ──┐
 *     reading │                │      │ end()            close()
 *        │ ▲  │   the last     │      ▼
 *        │ └──┼── answer ──────┘    ended ─────────────────▶ closed
 *        │    │                       ▲                         ▲
 *        ├────┴──────── end() ────────┘                         │
 *        └───────────── close(): early, also from `stepping` ───┘
 *
 * | state      | items that arrive                                             | `next()`                                |
 * | ---------- | ------------------------------------------------------------- | --------------------------------------- |
 * | `reading`  | go to the first waiter, or are held                           | takes a held item, or waits and pulls   |
 * | `stepping` | were made before the step: go to a waiter, or are dropped     | waits                                   |
 * | `ended`    | break the protocol                                            | takes a held item, then the outcome     |
 * | `closed`   | were sent before the source heard of it: are dropped          | takes a held item, then the outcome     |
 *
 * The first request after the end gets the outcome. Later requests get a plain end.
 */
export class Sink {
  readonly #options: SinkOptions;
  readonly #held: HeldItems;
  readonly #waiters: Waiter[] = [];
  /** Unanswered steps. */
  readonly #steps: Step[] = [];
  #state: 'reading' | 'stepping' | 'ended' | 'closed' = 'reading';
  /** No more requests will come. Pending ones are still answered, and the last answer closes the sink. */
  #isAbandoned = false;
  readonly #credit: Credit;
  /** How the stream ended, until a request has received it. */
  #outcome: StreamOutcome | undefined;
  #onEnd: () => void = () => {};

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#held = new HeldItems(options.cost);
    this.#credit = new Credit(options.start, options.window);
  }

  /** Whether the source is idle and nothing is in transit, so that a step would run next. */
  get isIdle(): boolean {
    return this.isOver || (this.#credit.isSpent && this.#held.isEmpty && this.#waiters.length === 0);
  }

  /** Whether no more items will arrive. */
  get isOver(): boolean {
    return this.#state === 'ended' || this.closed;
  }

  /** Whether no item is held. */
  get isEmpty(): boolean {
    return this.#held.isEmpty;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** The failure with which the stream ended, until a request has received it. */
  get failure(): StreamOutcome | undefined {
    return this.#outcome?.failed ? this.#outcome : undefined;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (!this.#held.isEmpty) {
      const value = this.#held.take();
      this.#pull();
      return Promise.resolve({ done: false, value });
    }
    if (this.isOver) return this.#finish();
    const promise = this.#wait((waiter) => this.#waiters.push(waiter));
    this.#pull();
    return promise;
  }

  /**
   * Runs a method of the iterator at the other end. Held items are dropped. Requests that wait for an item get those that were
   * made before the source received the step.
   */
  step(method: StepMethod, value: unknown): Promise<IteratorResult<unknown>> {
    this.#held.clear();
    if (this.isOver) return this.#finish();
    this.#state = 'stepping';
    this.#credit.withdraw();
    const promise = this.#wait((waiter) => this.#steps.push({ ...waiter, method, value }));
    this.#options.output.step(method, value);
    return promise;
  }

  /**
   * @param part whether these are items, or the single answer to a step
   * @throws {ProtocolError} if more arrives than was requested
   */
  push(items: readonly unknown[], part: 'items' | 'answer'): void {
    if (part === 'answer') return this.#answer(items);
    if (this.#state === 'stepping') return items.forEach((item) => this.#settle(this.#waiters.shift(), item));
    this.admit(items);
    this.accept(items);
  }

  /**
   * Counts items that have arrived.
   * @param items empty if an item has only begun to arrive
   * @throws {ProtocolError} if more arrives than was requested
   */
  admit(items: readonly unknown[]): void {
    if (this.#state === 'closed') return;
    this.#credit.check();
    for (const item of items) this.#credit.spend(this.#options.cost(item));
  }

  /**
   * Hands counted items to waiting requests, or holds them.
   * @throws {ProtocolError} after the end
   */
  accept(items: readonly unknown[]): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'ended') throw new ProtocolError('More of a stream arrived after its end.');
    for (const item of items) {
      const waiter = this.#waiters.shift();
      if (waiter) this.#settle(waiter, item);
      else this.#held.add(item);
    }
    if (this.#waiters.length > 0) this.#pull();
  }

  /**
   * No more items will arrive.
   * @param answer whether the end is the answer to a step
   */
  end(outcome: StreamOutcome, answer = false): void {
    if (this.isOver) return;
    this.#state = 'ended';
    const steps = this.#steps.splice(0);
    if (steps.length > 0 && !answer) for (const step of steps) settleMissed(step, outcome);
    else {
      this.#outcome = outcome;
      for (const { resolve, reject } of steps) this.#finish().then(resolve, reject);
    }
    for (const { resolve, reject } of this.#takeWaiters()) this.#finish().then(resolve, reject);
    if (this.#options.closesItself) this.close({ failed: false, value: undefined });
    this.#onEnd();
  }

  /** This side is done, with everything or early. After an early failure, the next request gets it. */
  close(outcome: StreamOutcome): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'ended') {
      this.#held.clear();
      if (outcome.failed) this.#outcome = outcome;
    }
    this.#state = 'closed';
    this.#options.output.close(outcome);
    for (const { resolve, reject } of [...this.#steps.splice(0), ...this.#takeWaiters()]) {
      this.#finish().then(resolve, reject);
    }
    this.#onEnd();
  }

  /** Closes the sink and drops everything that was not taken: items and the outcome. */
  discard(): void {
    this.#held.clear();
    this.#outcome = undefined;
    this.close({ failed: false, value: undefined });
  }

  /** Closes the sink as soon as no request is pending. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#closeIfAbandoned();
  }

  /** Breaks the stream off from this side immediately. */
  fail(reason: unknown): void {
    if (this.#state !== 'ended') this.close({ failed: true, value: reason });
  }

  /** Sets the listener for the end. It runs immediately if the sink is over. */
  onEnd(listener: () => void): void {
    if (this.isOver) listener();
    else this.#onEnd = listener;
  }

  #pull(): void {
    if (this.isOver) return;
    const more = this.#credit.renew(this.#held.cost);
    if (more > 0) this.#options.output.pull(more);
  }

  #wait(add: (waiter: Waiter) => void): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      add({ resolve, reject });
      this.#options.onWaiting(true);
    });
  }

  #takeWaiters(): Waiter[] {
    this.#options.onWaiting(false);
    return this.#waiters.splice(0);
  }

  #answer([item]: readonly unknown[]): void {
    if (this.#state === 'closed') return;
    const step = this.#steps.shift();
    if (!step) throw new ProtocolError('An iterator answered a step that was not requested.');
    if (this.#steps.length === 0) this.#state = 'reading';
    this.#settle(step, item);
    if (this.#waiters.length > 0) this.#pull();
  }

  #settle(waiter: Waiter | undefined, value: unknown): void {
    waiter?.resolve({ done: false, value });
    if (this.#waiters.length + this.#steps.length > 0) return;
    this.#options.onWaiting(false);
    this.#closeIfAbandoned();
  }

  #closeIfAbandoned(): void {
    if (!this.#isAbandoned || this.#waiters.length + this.#steps.length > 0) return;
    this.close({ failed: false, value: undefined });
  }

  #finish(): Promise<IteratorResult<unknown>> {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    if (outcome?.failed) return Promise.reject(outcome.value);
    return Promise.resolve({ done: true, value: outcome?.value });
  }
}
