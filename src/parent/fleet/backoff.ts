/** As in the option `restart`; times in ms. */
export interface BackoffOptions {
  maxRestarts: number;
  within: number;
  minDelay: number;
  maxDelay: number;
}

/** How much may be added to a delay: children that died together do not start together. */
const JITTER = 0.25;

/** Says how long to wait after a crash, and when there have been too many. */
export class Backoff {
  readonly #options: BackoffOptions;
  /** When the crashes were that still count, the oldest first. */
  #crashes: number[] = [];
  #delay: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#delay = options.minDelay;
  }

  /**
   * To be called at each crash.
   * @param time as `now()` gives it
   * @returns ms until the next start; `undefined`: there is none
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
