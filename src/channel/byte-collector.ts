const empty = Buffer.alloc(0);

/** Bytes to reserve ahead if the total is known to be larger. The system provides the memory only when it is used. */
const AHEAD = 64 * 1024 * 1024;

/** Joins bytes that arrive in pieces. If the total is unknown, it uses at most twice the memory of what has arrived. */
export class ByteCollector {
  #buffer = empty;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param expected the total number of bytes, if it is known */
  add(bytes: Uint8Array, expected = Infinity): void {
    this.#grow(this.#length + bytes.length, expected);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /**
   * Returns the memory for the next bytes, so that they can be written there directly.
   * @param expected the total number of bytes, arrived and missing
   */
  room(expected: number): Buffer {
    if (this.#buffer.length === this.#length) this.#grow(this.#length + 1, expected);
    return this.#buffer.subarray(this.#length, Math.min(this.#buffer.length, expected));
  }

  /** The first `length` bytes of `room()` have been written. */
  filled(length: number): void {
    this.#length += length;
  }

  /** Returns the bytes for the caller to keep, and empties the collector. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = empty;
    this.#length = 0;
    return bytes;
  }

  #grow(needed: number, expected: number): void {
    if (needed <= this.#buffer.length) return;
    const ahead = Math.max(2 * needed, expected === Infinity ? 0 : AHEAD);
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(ahead, expected)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
