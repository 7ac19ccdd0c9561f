const FIRST_CAPACITY = 64;
/** Slots, of 8 bytes. */
const MAX_CAPACITY = 2 ** 16;

/**
 * What is under way, by ascending ids, the most of it not for long: a ring, in which an id has the slot that its last bits name.
 *
 * It is no `Map`: one that is filled and emptied all the time makes its tables anew, each of which refers to the next. With the first of them
 * that V8 counts as old it keeps all later ones, and what they held, until the next full collection.
 */
export class OpenCalls<T extends { readonly id: number }> {
  #slots: (T | undefined)[] = emptySlots(FIRST_CAPACITY);
  /** Those that were still there when the slot was needed again. */
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

  /** Returns it, if it was there. */
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

  /** All that are there now, the first ones first. */
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

  /** Not where a few that take long are in the way. */
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
