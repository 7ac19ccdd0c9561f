/** The bytes of a stream that may have to be sent again, addressed by their offset in it. */
export class SendBuffer {
  #chunks: Buffer[] = [];
  /** Of the first chunk. */
  #start = 0;
  #end = 0;

  /** Where the first byte stands that is still kept. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  append(data: Buffer): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#end += data.length;
  }

  /** Forgets what stands before `offset`. */
  release(offset: number): void {
    while (this.#chunks[0] && this.#start < offset) {
      const first = this.#chunks[0];
      if (this.#start + first.length <= offset) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(offset - this.#start);
      this.#start = Math.min(offset, this.#start + first.length);
    }
  }

  /** At most `most` bytes from `offset` on, as they lie in one chunk. */
  read(offset: number, most: number): Buffer {
    let at = this.#start;
    for (const chunk of this.#chunks) {
      if (offset < at + chunk.length) return chunk.subarray(offset - at, offset - at + most);
      at += chunk.length;
    }
    return Buffer.alloc(0);
  }
}
