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
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(Math.max(2 * needed, expected === Infinity ? 0 : AHEAD), expected)),
      );
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Returns the bytes for the caller to keep, and empties the collector. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = empty;
    this.#length = 0;
    return bytes;
  }
}
