import { ProtocolError } from '../../errors.js';

/**
 * How much a sink allows its source to send, in the unit of the items' cost.
 *
 * The window limits how much may be in transit or held. It starts small and doubles with each renewal, up to its largest size:
 * a reader that takes a single item does not receive many.
 */
export class Credit {
  #window: number;
  readonly #largestWindow: number;
  /** Credit that was given and is not spent. Negative if the last item was larger than the credit left. */
  #left = 0;

  constructor(window: number, largestWindow: number) {
    this.#window = window;
    this.#largestWindow = largestWindow;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /**
   * Checks that another item may arrive. Only the last item may exceed the credit.
   * @throws {ProtocolError} if more arrives than was requested
   */
  check(): void {
    if (this.#left <= -this.#largestWindow) {
      throw new ProtocolError('More of a stream arrived than was requested.');
    }
  }

  /** @throws {ProtocolError} if more arrives than was requested */
  spend(cost: number): void {
    this.check();
    this.#left -= cost;
  }

  /** Forgets the credit that was given. The source has forgotten it too. */
  withdraw(): void {
    this.#left = 0;
  }

  /**
   * Gives more credit when half of the window is free.
   * @param held the cost of items that have arrived and were not taken
   * @returns the credit given; 0 if the window is too full
   */
  renew(held: number): number {
    const room = this.#window - this.#left - held;
    if (room < this.#window / 2) return 0;
    this.#left += room;
    this.#window = Math.min(this.#window * 2, this.#largestWindow);
    return room;
  }
}
