import { onAbort } from '../calls/abort.js';
import type { Sink } from './sink.js';

/** The stand-in for an iterator of the other side. */
export class RemoteIterator implements AsyncGenerator<unknown, unknown, unknown> {
  readonly #sink: Sink;
  /** The last request. Requests are answered in order. */
  #last: Promise<unknown> | undefined;
  /** The number of unanswered steps. Later requests wait for them. */
  #steps = 0;
  /** Whether values are passed to `next()`. The iterator then makes one item per call. */
  #inStep = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  next(...args: [] | [unknown]): Promise<IteratorResult<unknown, unknown>> {
    const [value] = args;
    // A generator ignores the first value.
    const drives = this.#last !== undefined && value !== undefined;
    if (drives || this.#inStep) return this.#inTurn(this.#last, () => this.#step(value));
    if (this.#steps > 0) return this.#inTurn(this.#last, () => this.#sink.next());
    return (this.#last = this.#sink.next());
  }

  /** Does not wait for earlier calls of `next()`: the iterator ends, even if it is busy with their items. */
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
        'The iterator has run ahead, so this value would arrive too late. Pass values to next() from its second call on.',
      );
    }
    this.#inStep = true;
    return this.#sink.step('next', value);
  }

  /** @param before a request that must be answered first */
  async #inTurn<T>(before: Promise<unknown> | undefined, ask: () => Promise<T>): Promise<T> {
    const turn = (async () => {
      await before?.catch(() => {});
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

  /** Ends the iterator when the signal fires. Pending requests reject with the signal's reason. */
  follow(signal: AbortSignal): void {
    // A long-lived signal must not hold this iterator: the real one ends when this one is collected.
    const sink = this.#sink;
    sink.onEnd(onAbort(signal, () => sink.close({ failed: true, value: signal.reason })));
  }
}
