import type { Readable } from 'node:stream';
import type { Sink } from './sink.js';
import { toError } from './to-error.js';
import { whenHeard } from './when-heard.js';

/**
 * Moves items from a sink into the stand-in of a readable.
 *
 *          read()              an item
 *     idle ───────▶ reading ──────────────▶ idle
 *       │              │ the end, a failure
 *       │              ▼
 *       └───────────▶ over: also where nobody reads and the real stream has been read or destroyed by others
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

  /** Lets those who only listen, as `finished()` does, hear of the end, too. */
  watch(stream: Readable): void {
    const weak = new WeakRef(stream);
    this.#sink.onEnd(() => {
      const target = weak.deref();
      if (target && this.#isUnread(target)) this.#tell(target);
    });
  }

  /** Whether there is nothing left to read before the end, and nobody waits for it. */
  #isUnread(stream: Readable): boolean {
    return this.#state === 'idle' && this.#sink.isEmpty && stream.readableLength === 0 && !stream.destroyed;
  }

  #tell(stream: Readable): void {
    const { failure } = this.#sink;
    whenHeard(stream, failure ? 'error' : 'end', () => {
      // Somebody may have begun to read: then reading ends it.
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
