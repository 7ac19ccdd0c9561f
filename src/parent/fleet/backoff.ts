/** As in the option `restart`; times in ms. */
export interface BackoffOptions {
  maxRestarts: number;
  within: number;
  minDelay: number;
  maxDelay: number;
}

/** The largest part that is added to a delay, so that children that died together do not start together. */
const JITTER = 0.25;

/** Says how long to wait after a crash, and when there have been too many. */
export class Backoff {
  readonly #options: BackoffOptions;
  /** The times of the crashes that still count, the oldest first. */
  #crashes: number[] = [];
  #delay: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#delay = options.minDelay;
  }

  /**
   * Call it at each crash.
   * @param time as `now()` gives it
   * @returns ms until the next start. `undefined` if there is none
   */
  next(time: number): number | undefined {
    const { maxRestarts, within, minDelay, maxDelay } = this.#options;
    const last = this.#crashes.at(-1);
    if (last === undefined || time - last > within) this.#delay = minDelay;
    this.#crashes = this.#crashes.filter((crash) => time - crash <= within);
    this.#crashes.push(time);
    if (this.#crashes.length > maxRestarts) return undefined;
    const delay = Math.min(this.#delay, maxDelay);
    this.#delay = delay * 2;
    return delay * (1 + Math.random() * JITTER);
  }
}
