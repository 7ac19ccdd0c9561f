import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** @typedef {(done: number, total: number) => void} OnProgress in bytes */

/** The shortest time between two reports, in ms. */
const REPORT_INTERVAL = 20;

export class Checksum {
  /**
   * One SHA-256 for all files below a folder: of their paths and contents, in the order of the paths. The method never lets go of
   * the event loop, and its reports leave the process all the same.
   *
   * @param {string} folder
   * @param {OnProgress} onProgress is not awaited: what it returns does not matter
   */
  of(folder, onProgress) {
    const files = filesBelow(folder);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const hash = createHash('sha256');
    let done = 0;
    let last = performance.now();
    for (const { path, size } of files) {
      hash.update(relative(folder, path).replaceAll(sep, '/')).update(readFileSync(path));
      done += size;
      if (performance.now() - last < REPORT_INTERVAL) continue;
      onProgress(done, total);
      last = performance.now();
    }
    onProgress(total, total);
    return { files: files.length, bytes: total, sha256: hash.digest('hex') };
  }
}

/** @param {string} folder */
function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.toSorted().map((path) => ({ path, size: statSync(path).size }));
}
