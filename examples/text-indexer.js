import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * @typedef {{ progress: [done: number, total: number] }} Events bytes since the last event, and bytes of all parts
 * @typedef {{ files: number, words: number }} Summary
 * @typedef {{ file: string, score: number }} Hit
 */

/** The shortest time between two events, in ms. */
const PROGRESS_INTERVAL = 50;
/** A word of prose, or one of the words that make up a `camelCaseName`. */
const WORD = /\p{L}\p{Ll}+/gu;

/**
 * A full-text index of the `.d.ts` and `.md` files in a folder. The work is synchronous, as most work for a CPU is: its process does
 * nothing else meanwhile.
 *
 * @extends {EventEmitter<Events>}
 */
export class TextIndexer extends EventEmitter {
  /** @type {string[]} */
  #files = [];
  /** @type {Map<string, Map<number, number>>} of every term: how often it occurs in which of `#files` */
  #occurrences = new Map();

  /**
   * Reads and indexes files, in the same order on every run, until `maxBytes` of text are reached. One of several parts takes every
   * second, third or nth file.
   *
   * @param {string} folder
   * @param {number} maxBytes
   * @returns {Summary} of this part
   */
  index(folder, maxBytes, part = 0, parts = 1) {
    const found = [];
    let total = 0;
    for (const path of textFiles(folder)) {
      const { size } = statSync(path);
      found.push({ path, size });
      total += size;
      if (total >= maxBytes) break;
    }
    const own = found.filter((_, index) => index % parts === part);
    const summary = { files: own.length, words: 0 };
    let done = 0;
    let last = performance.now();
    for (const [index, { path, size }] of own.entries()) {
      summary.words += this.#add(relative(folder, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'));
      done += size;
      if (performance.now() - last < PROGRESS_INTERVAL && index < own.length - 1) continue;
      this.emit('progress', done, total);
      done = 0;
      last = performance.now();
    }
    return summary;
  }

  /**
   * Finds the files that have most about the words of the query.
   *
   * @param {string} query
   * @param {number} limit
   * @returns {Hit[]}
   */
  search(query, limit) {
    /** @type {Map<string, number>} */
    const scores = new Map();
    for (const term of termsOf(wordsOf(query))) {
      for (const [id, count] of this.#occurrences.get(term) ?? []) {
        const name = /** @type {string} */ (this.#files[id]);
        scores.set(name, (scores.get(name) ?? 0) + Math.log2(1 + count));
      }
    }
    return best(
      [...scores].map(([file, score]) => ({ file, score })),
      limit,
    );
  }

  /** The memory of the process that has the index, in bytes. */
  memory() {
    return process.memoryUsage.rss();
  }

  /** @param {string} name @param {string} text */
  #add(name, text) {
    const id = this.#files.length;
    const words = wordsOf(text);
    for (const term of termsOf(words)) {
      let occurrences = this.#occurrences.get(term);
      if (!occurrences) this.#occurrences.set(term, (occurrences = new Map()));
      occurrences.set(id, (occurrences.get(id) ?? 0) + 1);
    }
    this.#files.push(name);
    return words.length;
  }
}

/**
 * The hits with the highest scores. Those of several parts can be put together.
 *
 * @param {Hit[]} hits
 * @param {number} limit
 */
export function best(hits, limit) {
  return hits.toSorted((a, b) => b.score - a.score || (a.file < b.file ? -1 : 1)).slice(0, limit);
}

/** @param {string} text */
function wordsOf(text) {
  return (text.match(WORD) ?? []).map((word) => word.toLowerCase());
}

/**
 * The words, and every two that follow each other: so `child process` counts for more than its words do.
 *
 * @param {string[]} words
 * @returns {Generator<string>}
 */
function* termsOf(words) {
  let previous = '';
  for (const word of words) {
    yield word;
    if (previous) yield `${previous} ${word}`;
    previous = word;
  }
}

/** @param {string} folder @returns {Generator<string>} */
function* textFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  // File systems list in orders of their own, and the cap must cut at the same place.
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* textFiles(path);
    else if (entry.isFile() && /\.(d\.ts|md)$/.test(entry.name)) yield path;
  }
}
