import { types } from 'node:util';

/** What a value takes as JSON, roughly, and what would have to be run to read it. */
export interface Measured {
  /** Bytes; more than the limit where the walk ended early. */
  bytes: number;
  /** The first accessor or Proxy that was met: neither is run. */
  code: string | undefined;
}

/** No element of an array takes less than a digit and a comma, in bytes. */
const LEAST_ELEMENT = 2;
/** What is nested deeper counts as too large. No mirrored value is near it, and the stack has room for it. */
const MAX_DEPTH = 500;
/** Bytes of a value that is written as one word. */
const WORD = 4;

/** Whether a value takes at most so many bytes as JSON. */
export function isWithin(value: unknown, limit: number): boolean {
  return measure(value, limit).bytes <= limit;
}

/**
 * Measures a value without running any code of it. The walk ends at `limit` bytes, so that a huge value costs no more than the
 * limit. An object that appears twice is measured once.
 * @param self written as one word, whatever it holds
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
