import { onAbort } from '../calls/abort.js';
import type { Sink } from './sink.js';

/** Stands for an iterator of the other side. */
export class RemoteIterator implements AsyncGenerator<unknown, unknown, unknown> {
  readonly #sink: Sink;
  /** What was asked last; all is answered in the order in which it was asked. */
  #last: Promise<unknown> | undefined;
  /** Steps that have not been answered: what is asked after them waits. */
  #steps = 0;
  /** Whether it is driven by values, and so in step. */
  #inStep = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  next(...args: [] | [unknown]): Promise<IteratorResult<unknown, unknown>> {
    const [value] = args;
    // The first value goes nowhere, as in any generator.
    const drives = this.#last !== undefined && value !== undefined;
    if (drives || this.#inStep) return this.#inTurn(this.#last, () => this.#step(value));
    if (this.#steps > 0) return this.#inTurn(this.#last, () => this.#sink.next());
    return (this.#last = this.#sink.next());
  }

  /** What comes at once for those who have asked before still comes; a generator that is busy for them is ended all the same. */
  return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    const ask = async (): Promise<IteratorResult<unknown, unknown>> => {
      const given = await value;
      if (!this.#sink.isOver) return this.#sink.step('return', given);
      this.#sink.discard();
      return { done: true, value: given };
    };
    return this.#inTurn(this.#steps > 0 ? this.#last : undefined, ask);
  }

  throw(reason: unknown): Promise<IteratorResult<unknown, unknown>> {
    return this.#inTurn(this.#last, async () => {
      if (!this.#sink.isOver) return this.#sink.step('throw', reason);
      this.#sink.discard();
      throw reason;
    });
  }

  #step(value: unknown): Promise<IteratorResult<unknown, unknown>> {
    if (!this.#sink.isIdle) {
      throw new TypeError(
        'The iterator has run ahead, so that this value would come too late. Pass values to next() from its second call on.',
      );
    }
    this.#inStep = true;
    return this.#sink.step('next', value);
  }

  /** @param before what is to be answered first */
  async #inTurn<T>(before: Promise<unknown> | undefined, ask: () => Promise<T>): Promise<T> {
    const turn = (async () => {
      await before?.catch(ignore);
      return ask();
    })();
    this.#steps++;
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#steps--;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined);
  }

  /** Ends it when the signal fires: who waits for an item gets the signal's reason. */
  follow(signal: AbortSignal): void {
    // The signal may live on: it must not hold the iterator, which is ended over there when nobody does.
    const sink = this.#sink;
    sink.onEnd(onAbort(signal, () => sink.close({ failed: true, value: signal.reason })));
  }
}

function ignore(): void {}
