import { Readable } from 'node:stream';

/** Reads logs of any size: it holds one chunk at a time, and the sums. */
export class LogProcessor {
  #requests = 0;
  /** @type {Map<string, { failures: number, ms: number }>} by path */
  #paths = new Map();
  #peak = 0;

  /**
   * The lines of the requests that failed. Who reads them makes this read the log, and not faster than that.
   *
   * @param {Readable} log
   */
  failures(log) {
    return Readable.from(this.#failures(log), { objectMode: false });
  }

  /** What was found in all that was read: the paths that fail most come first. */
  summary() {
    const paths = [...this.#paths].map(([path, { failures, ms }]) => ({ path, failures, ms: ms / failures }));
    return { requests: this.#requests, paths: paths.toSorted((a, b) => b.failures - a.failures) };
  }

  /** Bytes of memory that this process had in use at most while it read. */
  peak() {
    return this.#peak;
  }

  /** @param {Readable} log */
  async *#failures(log) {
    for await (const lines of wholeLines(log)) {
      this.#requests += lines.length;
      const failed = lines.filter((line) => line.split(' ', 2)[1] === '500');
      for (const line of failed) this.#count(line);
      if (failed.length > 0) yield Buffer.from(`${failed.join('\n')}\n`);
      this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
    }
  }

  /** @param {string} line */
  #count(line) {
    const [, , , path = '', ms = '0'] = line.split(' ');
    const sums = this.#paths.get(path) ?? { failures: 0, ms: 0 };
    this.#paths.set(path, { failures: sums.failures + 1, ms: sums.ms + Number(ms) });
  }
}

/**
 * Chunks of bytes are cut anywhere; what is yielded are the lines that each completes.
 *
 * @param {AsyncIterable<Buffer>} chunks
 */
async function* wholeLines(chunks) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}
