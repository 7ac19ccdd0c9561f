import { now } from '../clock.js';

/** How many clients are remembered. */
const MOST_CLIENTS = 10_000;

/** Limits how often each client may do something: `perSecond` times on average, and `burst` times at once after a pause. */
export class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: () => number;
  /** How often each client may do it at a time in ms. The client that was heard last comes last. */
  readonly #buckets = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(perSecond: number, burst = perSecond, clock = now) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Whether `client` has to wait. */
  isUsedUp(client: string): boolean {
    return this.#leftOf(client) < 1;
  }

  /** `client` wants to do it once more. Returns whether it may. */
  take(client: string): boolean {
    const left = this.#leftOf(client);
    this.#buckets.delete(client);
    this.#buckets.set(client, { left: left < 1 ? left : left - 1, at: this.#clock() });
    const [longestUnheard] = this.#buckets.keys();
    if (this.#buckets.size > MOST_CLIENTS && longestUnheard !== undefined) this.#buckets.delete(longestUnheard);
    return left >= 1;
  }

  #leftOf(client: string): number {
    const { left, at } = this.#buckets.get(client) ?? { left: this.#burst, at: 0 };
    return Math.min(this.#burst, left + (Math.max(0, this.#clock() - at) / 1000) * this.#perSecond);
  }
}
