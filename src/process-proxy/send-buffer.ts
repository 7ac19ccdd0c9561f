/** Keeps the bytes of a stream that may have to be sent again. A byte is addressed by its offset in the stream. */
export class SendBuffer {
  #chunks: Buffer[] = [];
  /** The offset of the first chunk. */
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
    this.#chunks.push(data);
    this.#end += data.length;
  }

  /** Forgets the bytes before `offset`. */
  release(offset: number): void {
    while (this.#chunks[0] && this.#start < offset) {
      const first = this.#chunks[0];
      if (this.#start + first.length <= offset) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(offset - this.#start);
      this.#start = Math.min(offset, this.#start + first.length);
    }
  }

  /** Returns up to `limit` bytes from `offset` on: as many as one chunk holds. */
  read(offset: number, limit: number): Buffer {
    let at = this.#start;
    for (const chunk of this.#chunks) {
      if (offset < at + chunk.length) return chunk.subarray(offset - at, offset - at + limit);
      at += chunk.length;
    }
    return Buffer.alloc(0);
  }
}
