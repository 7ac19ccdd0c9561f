import { clearTimeout, MAX_DELAY, now, setTimeout } from '../../clock.js';
import { afterDrain } from './drain.js';

export interface DeadlinesOptions {
  /** Expires what is due at `time`. Returns the next deadline, or `Infinity`. */
  sweep(time: number): number;
  /** How many messages have arrived so far. */
  received(): number;
}

/**
 * One timer for all deadlines of a session. It may fire late because this process was busy, while answers already wait in the
 * pipe. So it expires nothing until the pipe is drained: see {@link afterDrain}.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; `Infinity` when there is none. */
  #next = Infinity;
  #draining = false;
  #closed = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** Makes sure that a sweep happens at `deadline`, a time as {@link now} gives it. */
  watch(deadline: number): void {
    if (deadline >= this.#next || this.#closed) return;
    this.#next = deadline;
    clearTimeout(this.#timer);
    const delay = Math.min(Math.max(Math.ceil(deadline - now()), 0), MAX_DELAY);
    this.#timer = setTimeout(() => this.#wake(), delay);
    // Open calls keep the process alive by other means.
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #wake(): void {
    this.#next = Infinity;
    if (this.#draining) return;
    this.#draining = true;
    afterDrain(
      () => this.#options.received(),
      () => {
        this.#draining = false;
        if (!this.#closed) this.watch(this.#options.sweep(now()));
      },
    );
  }
}
