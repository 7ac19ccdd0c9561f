/** How many taken items to remove at a time, at least. */
const TAKEN = 64;

/** A queue of the items of a stream that have arrived and were not taken yet. It knows their total cost. */
export class HeldItems {
  readonly #costOf: (item: unknown) => number;
  #items: unknown[] = [];
  /** The index in `#items` of the first item that was not taken. */
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
    // If the producer stays ahead, the list never gets empty. Taken items must be removed anyway.
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
