/** The part of the time that may be spent on looking for changes inside objects. */
const SHARE = 0.05;
/** What can be saved up, in ms: what 100 ms earn. */
const CAPACITY = 5;

/** What a slow look takes, in ms, and for each byte that it goes through. */
const SLOW_LOOK = 0.03;
const SLOW_BYTE = 1 / 13_000;

/**
 * What a look has cost, in ms. A longer time than this many bytes ever take is that of another process, or of code that is run
 * for the first time.
 */
export function costOf(time: number, bytes: number): number {
  return Math.min(time, SLOW_LOOK + bytes * SLOW_BYTE);
}

/**
 * Limits the time that is spent on looking for changes, whatever the objects are: 5 % of the time that passes, saved up for
 * 100 ms. A process that is called now and then can look at everything each time; one that is called in a burst looks at one
 * thing after the other.
 */
export class LookBudget {
  #left = CAPACITY;
  #time: number;

  /** @param time ms, as `now()` gives it */
  constructor(time: number) {
    this.#time = time;
  }

  /** Adds what has been earned since the last time. */
  earn(time: number): void {
    this.#left = Math.min(CAPACITY, this.#left + (time - this.#time) * SHARE);
    this.#time = time;
  }

  /** @param cost ms that a look is expected to take: more than the capacity is allowed once that is full */
  allows(cost: number): boolean {
    return this.#left >= Math.min(cost, CAPACITY);
  }

  /** A look that had to be made may leave a debt, for which later ones wait. */
  spend(cost: number): void {
    this.#left -= cost;
  }
}
