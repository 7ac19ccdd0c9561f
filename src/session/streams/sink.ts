import { ProtocolError } from '../../errors.js';
import type { StreamOutcome, StepMethod } from './source.js';

/** What a sink tells its source. */
export interface SinkOutput {
  pull(credit: number): void;
  step(method: StepMethod, value: unknown): void;
  close(outcome: StreamOutcome): void;
}

export interface SinkOptions {
  output: SinkOutput;
  /** The most that may be under way or waiting here, in what `cost` counts. */
  window: number;
  /** With how much of it the first pull begins: a consumer that takes one item only is not to make the producer run ahead. */
  start: number;
  cost(item: unknown): number;
  /** Whether it has done as soon as all has come; else its owner says when. */
  closesItself: boolean;
  /** Called when somebody waits for the other side, and when nobody does; often the same again. */
  onWaiting(waiting: boolean): void;
}

/** So many items that were taken are let go of together. */
const TAKEN = 64;

interface Waiter {
  resolve(result: IteratorResult<unknown>): void;
  reject(reason: unknown): void;
}

interface Step extends Waiter {
  method: StepMethod;
  value: unknown;
}

/** The end of a stream at which items are taken. It gives credit as they are. */
export class Sink {
  readonly #options: SinkOptions;
  readonly #waiters: Waiter[] = [];
  /** Those waiting for the answer to a step. */
  readonly #steps: Step[] = [];
  #items: unknown[] = [];
  #head = 0;
  #held = 0;
  #window: number;
  /** Credit that was given, and not used up yet. */
  #credit = 0;
  /** How it ended, once that is known; the first to ask is told. */
  #outcome: StreamOutcome | undefined;
  #ended = false;
  #closed = false;
  #onEnd: () => void = () => {};
  /** What comes is dropped where nobody waits for it: it was made before the source heard of a step. */
  #dropping = false;
  /** Nobody asks any more; those who have are still answered. */
  #abandoned = false;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#window = options.start;
  }

  /** Whether the source has nothing under way, so that the next step is its very next. */
  get isIdle(): boolean {
    if (this.#ended || this.#closed) return true;
    return this.#credit <= 0 && this.#held === 0 && this.#waiters.length === 0;
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#ended || this.#closed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Why it broke off over there, as long as nobody was told. */
  get failure(): StreamOutcome | undefined {
    return this.#outcome?.failed ? this.#outcome : undefined;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#head < this.#items.length) {
      const value = this.#take();
      this.#pull();
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended || this.#closed) return this.#finish();
    const promise = this.#wait((waiter) => this.#waiters.push(waiter));
    this.#pull();
    return promise;
  }

  /**
   * Runs a method of the iterator at the other end. Items that have come and were not taken are dropped; those who wait for one get
   * what was made before the source heard of it.
   */
  step(method: StepMethod, value: unknown): Promise<IteratorResult<unknown>> {
    this.#drop();
    if (this.#ended || this.#closed) return this.#finish();
    this.#dropping = true;
    this.#credit = 0;
    const promise = this.#wait((waiter) => this.#steps.push({ ...waiter, method, value }));
    this.#options.output.step(method, value);
    return promise;
  }

  /**
   * @param part what it is: items, or the answer to a step
   * @throws {ProtocolError} when more comes than was asked for
   */
  push(items: readonly unknown[], part: 'items' | 'answer'): void {
    if (this.#closed) return;
    if (part === 'answer') return this.#answer(items);
    if (this.#dropping) return items.forEach((item) => this.#settle(this.#waiters.shift(), item));
    this.admit(items);
    this.accept(items);
  }

  /**
   * Counts what has come.
   * @param items none where something only begins to come
   * @throws {ProtocolError} when it is more than was asked for
   */
  admit(items: readonly unknown[]): void {
    if (this.#closed) return;
    this.#checkCredit();
    for (const item of items) {
      this.#checkCredit();
      this.#credit -= this.#options.cost(item);
    }
  }

  /** Hands over what was counted. */
  accept(items: readonly unknown[]): void {
    if (this.#closed) return;
    for (const item of items) {
      const waiter = this.#waiters.shift();
      if (waiter) this.#settle(waiter, item);
      else {
        this.#items.push(item);
        this.#held += this.#options.cost(item);
      }
    }
    if (this.#waiters.length > 0) this.#pull();
  }

  /**
   * Nothing comes any more.
   * @param answer it is the answer to a step
   */
  end(outcome: StreamOutcome, answer = false): void {
    if (this.#ended || this.#closed) return void (this.#ended = true);
    this.#ended = true;
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

  /** Done: with all that came, or early. Who asks for more after a failure is told of it. */
  close(outcome: StreamOutcome): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#ended) {
      this.#drop();
      if (outcome.failed) this.#outcome = outcome;
    }
    this.#options.output.close(outcome);
    for (const { resolve, reject } of [...this.#steps.splice(0), ...this.#takeWaiters()]) {
      this.#finish().then(resolve, reject);
    }
    this.#onEnd();
  }

  /** What has come and was not taken is of no interest, be it items or how it ended. */
  discard(): void {
    this.#drop();
    this.#outcome = undefined;
    this.close({ failed: false, value: undefined });
  }

  /** Closes it as soon as nobody waits. */
  abandon(): void {
    this.#abandoned = true;
    this.#closeIfAbandoned();
  }

  /** Ends it from this side, at once. */
  fail(reason: unknown): void {
    if (!this.#ended) this.close({ failed: true, value: reason });
  }

  /** Sets who is told that nothing comes any more. */
  onEnd(listener: () => void): void {
    if (this.#ended || this.#closed) listener();
    else this.#onEnd = listener;
  }

  /** The last item may be larger than what was left. */
  #checkCredit(): void {
    if (this.#credit <= -this.#options.window) throw new ProtocolError('More of a stream arrived than was asked for.');
  }

  #take(): unknown {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    this.#held -= this.#options.cost(item);
    if (this.#head === this.#items.length) this.#drop();
    // Never empty where the producer keeps ahead: what was taken goes all the same.
    else if (this.#head >= TAKEN && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #drop(): void {
    this.#items = [];
    this.#head = 0;
    this.#held = 0;
  }

  /** Asks for more when half of the window is free. The window opens as it turns out that somebody goes on reading. */
  #pull(): void {
    if (this.#ended || this.#closed) return;
    const room = this.#window - this.#credit - this.#held;
    if (room < this.#window / 2) return;
    this.#credit += room;
    this.#options.output.pull(room);
    this.#window = Math.min(this.#window * 2, this.#options.window);
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
    this.#dropping = false;
    const waiter = this.#steps.shift();
    if (!waiter) throw new ProtocolError('An iterator answered what was not asked.');
    this.#settle(waiter, item);
    if (this.#waiters.length > 0) this.#pull();
  }

  #settle(waiter: Waiter | undefined, value: unknown): void {
    waiter?.resolve({ done: false, value });
    if (this.#waiters.length + this.#steps.length > 0) return;
    this.#options.onWaiting(false);
    this.#closeIfAbandoned();
  }

  #closeIfAbandoned(): void {
    if (!this.#abandoned || this.#waiters.length + this.#steps.length > 0) return;
    this.close({ failed: false, value: undefined });
  }

  #finish(): Promise<IteratorResult<unknown>> {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    if (outcome?.failed) return Promise.reject(outcome.value);
    return Promise.resolve({ done: true, value: outcome?.value });
  }
}

/** The iterator ended by itself before it heard of the step: what is made then of `return` and `throw` is what is made after an end. */
function settleMissed({ method, value, resolve, reject }: Step, outcome: StreamOutcome): void {
  if (method === 'return') resolve({ done: true, value });
  else if (method === 'throw') reject(value);
  else if (outcome.failed) reject(outcome.value);
  else resolve({ done: true, value: outcome.value });
}
