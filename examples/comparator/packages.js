import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, bytes: number, files: number }} Package */

/** The packages in a `node_modules` folder, in whatever order its user likes. */
export class Packages {
  /** @type {Package[]} */
  #packages;

  /** @param {string} folder */
  constructor(folder) {
    this.#packages = namesIn(folder).map((name) => ({ name, ...measure(join(folder, name)) }));
  }

  count() {
    return this.#packages.length;
  }

  /**
   * Sorts as every array does: `compare` must return its verdict at once.
   *
   * @param {(a: Package, b: Package) => number} compare
   * @param {number} limit
   * @returns {Package[]}
   */
  first(compare, limit) {
    return this.#packages.toSorted(compare).slice(0, limit);
  }
}

/** @param {string} folder */
function namesIn(folder) {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((scoped) => `${name}/${scoped}`) : [name],
  );
}

/** @param {string} folder */
function measure(folder) {
  let bytes = 0;
  let files = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += lstatSync(join(entry.parentPath, entry.name)).size;
    files++;
  }
  return { bytes, files };
}
