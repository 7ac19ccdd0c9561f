/** The share of time that may be spent looking for changes inside objects. */
const SHARE = 0.05;
/** The most that can be saved up, in ms: the budget of 100 ms. */
const CAPACITY = 5;

/** The time of a slow look, in ms: a fixed part, and a part for each byte. */
const SLOW_LOOK = 0.03;
const SLOW_BYTE = 1 / 13_000;

/**
 * The cost of a look, in ms. It is capped by what a slow look at this many bytes takes: more time went to another process, or to
 * code that ran for the first time.
 */
export function costOf(time: number, bytes: number): number {
  return Math.min(time, SLOW_LOOK + bytes * SLOW_BYTE);
}

/**
 * Limits the time spent looking for changes to 5 % of the time that passes, saved up for at most 100 ms. A process with
 * occasional calls can look at everything each time. During a burst of calls, it looks at one property after another.
 */
export class LookBudget {
  #left = CAPACITY;
  #time: number;

  /** @param time the current time of `now()`, in ms */
  constructor(time: number) {
    this.#time = time;
  }

  /** Adds the budget for the time since the last call. */
  earn(time: number): void {
    this.#left = Math.min(CAPACITY, this.#left + (time - this.#time) * SHARE);
    this.#time = time;
  }

  /** @param cost the expected time of a look, in ms. A full budget allows any cost */
  allows(cost: number): boolean {
    return this.#left >= Math.min(cost, CAPACITY);
  }

  /** Subtracts the cost of a look. A look that could not wait may leave a debt, which delays later ones. */
  spend(cost: number): void {
    this.#left -= cost;
  }
}
