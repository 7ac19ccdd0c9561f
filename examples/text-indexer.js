import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * @typedef {{ progress: [done: number, total: number] }} Events in bytes
 * @typedef {{ files: number, words: number, terms: number }} Summary
 * @typedef {{ file: string, score: number }} Hit
 */

/** The shortest time between two events, in ms. */
const PROGRESS_INTERVAL = 50;
/** A word of prose, or one of the words that make up a `camelCaseName`. */
const WORD = /\p{L}\p{Ll}+/gu;

/**
 * A full-text index of the `.d.ts` and `.md` files in a folder. The work is synchronous, like most that wears a CPU out:
 * whose process does it, does nothing else meanwhile.
 *
 * @extends {EventEmitter<Events>}
 */
export class TextIndexer extends EventEmitter {
  /** @type {{ name: string, words: number }[]} */
  #files = [];
  /** @type {Map<string, Map<number, number>>} of every term: how often it occurs in which of `#files` */
  #occurrences = new Map();

  /**
   * Reads and indexes the files, in the same order on every run, until `maxBytes` of text are reached.
   *
   * @param {string} folder
   * @param {number} maxBytes
   * @returns {Summary}
   */
  index(folder, maxBytes) {
    const found = [];
    let total = 0;
    for (const path of textFiles(folder)) {
      const { size } = statSync(path);
      found.push({ path, size });
      total += size;
      if (total >= maxBytes) break;
    }
    let done = 0;
    let last = performance.now();
    for (const { path, size } of found) {
      this.#add(relative(folder, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'));
      done += size;
      if (performance.now() - last < PROGRESS_INTERVAL && done < total) continue;
      this.emit('progress', done, total);
      last = performance.now();
    }
    return this.#summary();
  }

  /**
   * The files that tell most about the words of the query, by TF-IDF.
   *
   * @param {string} query
   * @param {number} limit
   * @returns {Hit[]}
   */
  search(query, limit) {
    /** @type {Map<string, number>} */
    const scores = new Map();
    for (const term of termsOf(wordsOf(query))) {
      const occurrences = this.#occurrences.get(term) ?? new Map();
      const rarity = Math.log(this.#files.length / occurrences.size);
      for (const [id, count] of occurrences) {
        const { name, words } = /** @type {{ name: string, words: number }} */ (this.#files[id]);
        scores.set(name, (scores.get(name) ?? 0) + (count / Math.sqrt(words)) * rarity);
      }
    }
    const hits = [...scores].map(([file, score]) => ({ file, score }));
    return hits.toSorted((a, b) => b.score - a.score).slice(0, limit);
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
    this.#files.push({ name, words: words.length });
  }

  /** @returns {Summary} */
  #summary() {
    const words = this.#files.reduce((sum, file) => sum + file.words, 0);
    return { files: this.#files.length, words, terms: this.#occurrences.size };
  }
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
