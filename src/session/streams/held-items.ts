/** How many items that were taken are removed at once. */
const TAKEN = 64;

/** The items of a stream that have arrived and that nobody has taken: a queue that knows what it holds costs. */
export class HeldItems {
  readonly #costOf: (item: unknown) => number;
  #items: unknown[] = [];
  /** Where in `#items` the first one stands that was not taken. */
  #head = 0;
  #cost = 0;

  constructor(costOf: (item: unknown) => number) {
    this.#costOf = costOf;
  }

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  get cost(): number {
    return this.#cost;
  }

  add(item: unknown): void {
    this.#items.push(item);
    this.#cost += this.#costOf(item);
  }

  take(): unknown {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    this.#cost -= this.#costOf(item);
    if (this.isEmpty) this.clear();
    // The list is never empty where the producer keeps ahead: taken items must be removed all the same.
    else if (this.#head >= TAKEN && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#cost = 0;
  }
}
