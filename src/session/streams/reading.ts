import type { Readable } from 'node:stream';
import type { Sink } from './sink.js';
import { toError } from './to-error.js';
import { whenHeard } from './when-heard.js';

/**
 * Moves items from a sink into the stand-in for a readable stream.
 *
 *          read()              an item
 *     idle ───────▶ reading ──────────────▶ idle
 *       │              │ the end, a failure
 *       │              ▼
 *       └───────────▶ over: also if nothing reads it and other code has read or destroyed the real stream
 */
export class Reading {
  readonly #sink: Sink;
  #state: 'idle' | 'reading' | 'over' = 'idle';

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  read(stream: Readable): void {
    this.#state = 'reading';
    this.#sink.next().then(
      ({ done, value }) => {
        this.#state = done ? 'over' : 'idle';
        if (!stream.destroyed) stream.push(done ? null : value);
      },
      (error: unknown) => this.#fail(stream, error),
    );
  }

  /** Reports the end also to code that only listens, such as `finished()`. */
  watch(stream: Readable): void {
    const weak = new WeakRef(stream);
    this.#sink.onEnd(() => {
      const target = weak.deref();
      if (target && this.#isUnread(target)) this.#tell(target);
    });
  }

  /** Whether nothing is left to read, and no read is pending. */
  #isUnread(stream: Readable): boolean {
    return this.#state === 'idle' && this.#sink.isEmpty && stream.readableLength === 0 && !stream.destroyed;
  }

  #tell(stream: Readable): void {
    const { failure } = this.#sink;
    whenHeard(stream, failure ? 'error' : 'end', () => {
      // If reading has begun meanwhile, it reports the end.
      if (!this.#isUnread(stream)) return;
      if (failure) return this.#fail(stream, failure.value);
      this.#state = 'over';
      stream.push(null);
      // Makes the stream emit `'end'` although nobody reads it.
      stream.read(0);
    });
  }

  #fail(stream: Readable, reason: unknown): void {
    this.#state = 'over';
    stream.destroy(toError(reason));
  }
}
