import { addAbortSignal, Readable, Writable } from 'node:stream';
import { onAbort } from '../abort.js';
import type { Sink } from './sink.js';

/** Stands for an iterator of the other side. */
export class RemoteIterator implements AsyncGenerator<unknown, unknown, unknown> {
  readonly #sink: Sink;
  /** What was asked last. */
  #last: Promise<unknown> | undefined;
  /** Whether it is driven by values, and so in step. */
  #inStep = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  next(...args: [] | [unknown]): Promise<IteratorResult<unknown, unknown>> {
    const [value] = args;
    // The first value goes nowhere, as in any generator.
    const drives = this.#last !== undefined && value !== undefined;
    const result = drives || this.#inStep ? this.#step(value) : this.#sink.next();
    this.#last = result;
    return result;
  }

  async #step(value: unknown): Promise<IteratorResult<unknown, unknown>> {
    await this.#last?.catch(ignore);
    if (!this.#sink.isIdle) {
      throw new TypeError(
        'The iterator has run ahead, so that this value would come too late. Pass values to next() from its second call on.',
      );
    }
    this.#inStep = true;
    return this.#sink.step('next', value);
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    const given = await value;
    if (this.#sink.ended || this.#sink.closed) {
      this.#sink.close({ failed: false, value: undefined });
      return { done: true, value: given };
    }
    return this.#sink.step('return', given);
  }

  async throw(reason: unknown): Promise<IteratorResult<unknown, unknown>> {
    if (this.#sink.ended || this.#sink.closed) throw reason;
    return this.#sink.step('throw', reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined);
  }

  /** Ends it when the signal fires: who waits for an item gets the signal's reason. */
  follow(signal: AbortSignal): void {
    const stop = onAbort(signal, () => this.#sink.close({ failed: true, value: signal.reason }));
    this.#sink.onEnd(stop);
  }
}

/** Ends what a call has returned, if it is an iterator or one of Node's streams, when the signal of the call fires. */
export function endOnAbort(result: unknown, signal: AbortSignal): void {
  if (result instanceof RemoteIterator) result.follow(signal);
  else if (result instanceof Readable || result instanceof Writable) addAbortSignal(signal, result);
}

function ignore(): void {}
