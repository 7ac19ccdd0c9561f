/**
 * A parser is a generator that yields how many bytes it wants next, and gets just so many. So it reads like blocking code,
 * however the bytes are cut up.
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

  /** @throws what the parser throws; it is at its end then */
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
