import { clearTimeout, MAX_DELAY, now, setTimeout } from '../../clock.js';
import { afterDrain } from './drain.js';

export interface DeadlinesOptions {
  /** Expires what is due at `time`. Returns the next deadline, or `Infinity`. */
  sweep(time: number): number;
  /** How many messages have arrived so far. */
  received(): number;
  /** Whether messages leave this process only when its event loop turns. Time in which it did not is given again. */
  leavesLater?: boolean;
}

/** A timer that fires this many ms late shows that the event loop was blocked. */
const BLOCKED = 10;

/**
 * One timer for all deadlines of a session. It may fire late because this process was busy, while answers already wait in the
 * pipe. So it expires nothing until the pipe is drained: see {@link afterDrain}.
 *
 * Where messages leave later, a late timer gives what is due as much time again. Each deadline gets that once: the timer of a
 * busy process is always late.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; `Infinity` when there is none. */
  #next = Infinity;
  #draining = false;
  /** Until then, the other side has the time that this one was blocked. */
  #sparedUntil = 0;
  /** The deadlines until this time were given time again. */
  #sparedDeadline = 0;
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
    const time = now();
    const blocked = time - Math.max(this.#next, this.#sparedUntil);
    this.#next = Infinity;
    if (this.#sparedUntil > time) return this.watch(this.#sparedUntil);
    if (this.#draining) return;
    this.#draining = true;
    afterDrain(
      () => this.#options.received(),
      () => {
        this.#draining = false;
        if (!this.#closed) this.#sweep(time, blocked);
      },
    );
  }

  /** @param time when the timer fired, `blocked` ms late */
  #sweep(time: number, blocked: number): void {
    const { sweep, leavesLater } = this.#options;
    if (!leavesLater) return this.watch(sweep(now()));
    const isLate = blocked > BLOCKED;
    const next = sweep(isLate ? this.#sparedDeadline : time);
    if (!isLate || next > time) return this.watch(next);
    this.#sparedDeadline = time;
    this.#sparedUntil = now() + blocked;
    this.watch(this.#sparedUntil);
  }
}
