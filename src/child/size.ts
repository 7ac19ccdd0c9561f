import { types } from 'node:util';

/** The approximate size of a value as JSON, and whether reading it would run code. */
export interface Measured {
  /** Bytes. More than the limit if the walk ended early. */
  bytes: number;
  /** Describes the first accessor or Proxy found. Neither is run. */
  code: string | undefined;
}

/** The smallest element of an array, in bytes: a digit and a comma. */
const LEAST_ELEMENT = 2;
/** Values with more levels count as too large. The stack has room for this depth, and no mirrored value comes near it. */
const MAX_DEPTH = 500;
/** The size of a value that is written as one word, in bytes. */
const WORD = 4;

/** Whether the size of a value as JSON is at most `limit` bytes. */
export function isWithin(value: unknown, limit: number): boolean {
  return measure(value, limit).bytes <= limit;
}

/**
 * Measures a value without running its code. The walk ends at `limit` bytes, which also limits its time. An object that appears
 * twice is measured once.
 * @param self an object that counts as one word
 */
export function measure(value: unknown, limit: number, self?: object): Measured {
  const walk = new SizeWalk(limit, self);
  walk.add(value, '', 0);
  return walk;
}

class SizeWalk implements Measured {
  bytes = 0;
  code: string | undefined;
  readonly #limit: number;
  readonly #seen = new Set<object>();

  constructor(limit: number, self: object | undefined) {
    this.#limit = limit;
    if (self) this.#seen.add(self);
  }

  add(value: unknown, key: string, depth: number): void {
    if (typeof value === 'string') this.bytes += value.length + 2;
    else if (typeof value !== 'object' || value === null || this.#seen.has(value)) this.bytes += WORD;
    else if (types.isProxy(value)) this.#meet(`${key || 'it'} is a Proxy`);
    else if (depth > MAX_DEPTH) this.bytes = Infinity;
    else {
      this.#seen.add(value);
      this.#object(value, depth + 1);
    }
  }

  #object(value: object, depth: number): void {
    this.bytes += 2;
    if (Array.isArray(value)) this.#array(value, depth);
    else if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) this.bytes += value.byteLength;
    else if (types.isMap(value) || types.isSet(value)) this.#collection(value, depth);
    else this.#properties(value, depth);
  }

  #array(array: unknown[], depth: number): void {
    if (array.length * LEAST_ELEMENT > this.#limit) this.bytes += array.length * LEAST_ELEMENT;
    for (let index = 0; index < array.length && this.bytes <= this.#limit; index++) {
      this.bytes++;
      this.add(array[index], `[${index}]`, depth);
    }
  }

  #collection(collection: Iterable<unknown>, depth: number): void {
    for (const entry of collection) {
      if (this.bytes > this.#limit) return;
      this.add(entry, 'an entry', depth);
    }
  }

  #properties(object: object, depth: number): void {
    for (const key of Object.keys(object)) {
      if (this.bytes > this.#limit) return;
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      this.bytes += key.length + 4;
      if (descriptor?.get) this.#meet(`${key} is an accessor`);
      else this.add(descriptor?.value, key, depth);
    }
  }

  #meet(what: string): void {
    this.code ??= what;
  }
}
