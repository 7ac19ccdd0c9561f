/** A place in a list, by which its value is found and removed. */
export interface Link<T> {
  readonly value: T;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
  isIn: boolean;
}

/**
 * A list from which any value can be removed in the same time, however long it is:
 *
 *     first ⇄ link ⇄ link ⇄ last
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  get last(): T | undefined {
    return this.#last?.value;
  }

  /** Adds a value at the end. */
  push(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.#last, next: undefined, isIn: true };
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** Removes the first value, and returns it. */
  shift(): T | undefined {
    const first = this.#first;
    if (first) this.remove(first);
    return first?.value;
  }

  /** Returns whether it was there. */
  remove(link: Link<T>): boolean {
    if (!link.isIn) return false;
    link.isIn = false;
    const { previous, next } = link;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    this.#size--;
    return true;
  }

  /** From the first value to the last. The current value may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let link = this.#first; link;) {
      const { next } = link;
      yield link.value;
      link = next;
    }
  }
}
