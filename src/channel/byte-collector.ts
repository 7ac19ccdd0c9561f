const empty = Buffer.alloc(0);

/** So much is set aside at once where it is known to be needed, in bytes. The system has not to provide it before it is used. */
const AHEAD = 64 * 1024 * 1024;

/** Puts bytes together that come in pieces. It uses at most twice the memory of what has come. */
export class ByteCollector {
  #buffer = empty;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param expected how many there will be in all, where that is known */
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

  /** What has come, for the caller to keep. The collector is empty then. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = empty;
    this.#length = 0;
    return bytes;
  }
}
