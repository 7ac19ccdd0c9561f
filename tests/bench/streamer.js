import { PassThrough } from 'node:stream';

export class Streamer {
  #n = 0;

  /** What is written to it can be read from it. */
  echo() {
    return new PassThrough();
  }

  /** @param {number} n */
  async *count(n) {
    for (let i = 0; i < n; i++) yield i;
  }

  next() {
    return this.#n++;
  }
}
