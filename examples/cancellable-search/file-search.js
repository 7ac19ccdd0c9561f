import { createReadStream } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** @typedef {{ file: string, line: number, text: string }} Hit */

export class FileSearch {
  /** How many files it has begun to read. */
  files = 0;
  searching = false;

  /**
   * Reads the files of a folder one after the other. It stops where the loop over its hits is left, or when the signal fires.
   *
   * @param {string} folder
   * @param {string} word
   * @param {{ signal: AbortSignal }} options
   */
  async *find(folder, word, { signal }) {
    this.searching = true;
    try {
      for await (const entry of await opendir(folder, { recursive: true })) {
        if (!entry.isFile() || !/\.[cm]?[jt]s$|\.md$/.test(entry.name)) continue;
        this.files++;
        yield* hits(join(entry.parentPath, entry.name), word, signal);
      }
    } finally {
      this.searching = false;
    }
  }
}

/**
 * @param {string} file
 * @param {string} word
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Hit>}
 */
async function* hits(file, word, signal) {
  let line = 0;
  const input = createReadStream(file);
  try {
    for await (const text of createInterface({ input })) {
      signal.throwIfAborted();
      line++;
      if (text.includes(word)) yield { file, line, text: text.trim() };
    }
  } finally {
    input.destroy();
  }
}
