interface Chunk {
  /** The offset of its first byte. */
  readonly start: number;
  readonly bytes: Buffer;
}

/** Released chunks are removed from the list together, once there are this many. */
const COMPACTION = 1024;

/**
 * Keeps the bytes of a stream that may have to be sent again. A byte is addressed by its offset in the stream.
 *
 *     released │ kept: `#chunks` from `#first` on
 *     ─────────┼──────────┬─────┬────────────────┤
 *            start                              end
 */
export class SendBuffer {
  #chunks: Chunk[] = [];
  /** The index of the first chunk that is kept. */
  #first = 0;
  #start = 0;
  #end = 0;

  /** The offset of the first byte that is still kept. */
  get start(): number {
    return this.#start;
  }

  /** The offset of the next byte that is appended. */
  get end(): number {
    return this.#end;
  }

  append(data: Buffer): void {
    if (data.length === 0) return;
    this.#chunks.push({ start: this.#end, bytes: data });
    this.#end += data.length;
  }

  /** Forgets the bytes before `offset`. */
  release(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = Math.min(offset, this.#end);
    this.#first = this.#indexOf(this.#start);
    if (this.#first < COMPACTION && this.#first < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#first);
    this.#first = 0;
  }

  /** Returns up to `limit` bytes from `offset` on: as many as one chunk holds. */
  read(offset: number, limit: number): Buffer {
    const chunk = this.#chunks[this.#indexOf(offset)];
    return chunk?.bytes.subarray(offset - chunk.start, offset - chunk.start + limit) ?? Buffer.alloc(0);
  }

  /** Copies the bytes from `offset` on to `target`, until it is full or there are no more. Returns how many it copied. */
  copy(offset: number, target: Buffer): number {
    let copied = 0;
    for (let index = this.#indexOf(offset); copied < target.length; index++) {
      const chunk = this.#chunks[index];
      if (!chunk) break;
      copied += chunk.bytes.copy(target, copied, Math.max(0, offset - chunk.start));
    }
    return copied;
  }

  /** Finds the chunk with the byte at `offset` by bisection: a full window may hold thousands of small chunks. */
  #indexOf(offset: number): number {
    let low = this.#first;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle];
      if (chunk && chunk.start + chunk.bytes.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
