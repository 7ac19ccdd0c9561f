const FIRST_CAPACITY = 64;
/** Slots of 8 bytes each. */
const MAX_CAPACITY = 2 ** 16;

/**
 * Open calls in a ring buffer. The low bits of a call's id are its slot. Ids ascend and most calls are short, so that a slot is
 * usually free again when its turn comes round:
 *
 *     capacity 4    slot     0   1   2   3
 *                   calls    8   5   -   -      the next call, 9, needs slot 1: call 5 becomes a straggler
 *
 * Not a `Map`: constant insertion and deletion makes V8 chain old hash tables until a full collection.
 */
export class CallRing<T extends { readonly id: number }> {
  #slots: (T | undefined)[] = emptySlots(FIRST_CAPACITY);
  /** Calls that were still open when another call needed their slot. */
  readonly #stragglers = new Map<number, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    const entry = this.#slots[id & (this.#slots.length - 1)];
    return entry?.id === id ? entry : this.#stragglers.get(id);
  }

  add(entry: T): void {
    const slot = this.#freeSlot(entry.id);
    this.#slots[slot] = entry;
    this.#size++;
  }

  /** Removes a call and returns it. */
  take(id: number): T | undefined {
    const slot = id & (this.#slots.length - 1);
    const entry = this.#slots[slot];
    if (entry?.id === id) {
      this.#slots[slot] = undefined;
      this.#size--;
      return entry;
    }
    const straggler = this.#stragglers.get(id);
    if (straggler && this.#stragglers.delete(id)) this.#size--;
    return straggler;
  }

  /** All open calls, oldest first. */
  list(): T[] {
    const inRing = this.#slots.filter((entry) => entry !== undefined);
    return [...this.#stragglers.values(), ...inRing].toSorted((a, b) => a.id - b.id);
  }

  #freeSlot(id: number): number {
    for (;;) {
      const slot = id & (this.#slots.length - 1);
      const entry = this.#slots[slot];
      if (!entry) return slot;
      if (!this.#isCrowded()) {
        this.#stragglers.set(entry.id, entry);
        return slot;
      }
      this.#grow();
    }
  }

  /** Whether the ring itself is too small. A few long calls in the way are no reason to grow. */
  #isCrowded(): boolean {
    const { length } = this.#slots;
    return length < MAX_CAPACITY && (this.#size - this.#stragglers.size) * 2 > length;
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = emptySlots<T>(length * 2);
    for (const entry of this.#slots) if (entry) slots[entry.id & (slots.length - 1)] = entry;
    this.#slots = slots;
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return Array.from<undefined>({ length }).fill(undefined);
}
