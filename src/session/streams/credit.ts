import { ProtocolError } from '../../errors.js';

/**
 * What a sink allows its source to send, in the unit of the items' cost.
 *
 * The window is the most that may be under way or held. It starts small and doubles with each renewal, up to its largest size, so
 * that a reader who takes one item only is not sent many.
 */
export class Credit {
  #window: number;
  readonly #largestWindow: number;
  /** What was given and is not spent. It is negative when the last item was larger than what was left. */
  #left = 0;

  constructor(window: number, largestWindow: number) {
    this.#window = window;
    this.#largestWindow = largestWindow;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /**
   * Checks that another item may arrive. An item may be larger than what is left of the credit, but not more than one item.
   * @throws {ProtocolError} when more arrives than was asked for
   */
  check(): void {
    if (this.#left <= -this.#largestWindow) {
      throw new ProtocolError('More of a stream arrived than was asked for.');
    }
  }

  /** @throws {ProtocolError} when more arrives than was asked for */
  spend(cost: number): void {
    this.check();
    this.#left -= cost;
  }

  /** Forgets what was given: the source has forgotten it, too. */
  withdraw(): void {
    this.#left = 0;
  }

  /**
   * Gives more when half of the window is free.
   * @param held the cost of what has arrived and was not taken
   * @returns what was given; 0 when the window is too full
   */
  renew(held: number): number {
    const room = this.#window - this.#left - held;
    if (room < this.#window / 2) return 0;
    this.#left += room;
    this.#window = Math.min(this.#window * 2, this.#largestWindow);
    return room;
  }
}
