/**
 * A parser is a generator that yields how many bytes it needs next, and receives exactly that many. It reads like blocking code, and
 * chunks may be of any size.
 */
export type Parser<T> = Generator<number, T, Buffer>;

/** Feeds a parser. */
export class ByteParser {
  readonly #parser: Parser<never>;
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted: number;

  constructor(parser: Parser<never>) {
    this.#parser = parser;
    this.#wanted = parser.next().value;
  }

  /** @throws whatever the parser throws. Feed it no more after that. */
  feed(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted) {
      const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? chunk) : Buffer.concat(this.#chunks, this.#length);
      const taken = all.subarray(0, this.#wanted);
      this.#chunks = [all.subarray(this.#wanted)];
      this.#length -= this.#wanted;
      this.#wanted = this.#parser.next(taken).value;
    }
  }
}
