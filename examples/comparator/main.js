/**
 * A class in a child process sorts its list with a comparator of this process. `sync` makes the comparator return its number at
 * once over there, as `Array.prototype.sort` wants it.
 *
 *     node examples/comparator/main.js            the largest packages of node_modules
 *     node examples/comparator/main.js files      those with the most files; also: name, average
 */
import { fileURLToPath } from 'node:url';
import { procxy, sync } from 'procxy';
import { printTable } from '../table.js';
import { Packages } from './packages.js';

/**
 * @typedef {import('./packages.js').Package} Package
 * @type {Record<string, (a: Package, b: Package) => number>}
 */
const comparators = {
  size: (a, b) => b.bytes - a.bytes,
  files: (a, b) => b.files - a.files,
  name: (a, b) => a.name.localeCompare(b.name),
  average: (a, b) => b.bytes / b.files - a.bytes / a.files,
};

const FOLDER = fileURLToPath(new URL('../../node_modules', import.meta.url));
const ORDER = process.argv[2] ?? 'size';
const compare = comparators[ORDER];
if (!compare) throw new Error(`There is no order '${ORDER}'; known are ${Object.keys(comparators).join(', ')}.`);

let comparisons = 0;
const counted = sync((/** @type {Package} */ a, /** @type {Package} */ b) => {
  comparisons++;
  return compare(a, b);
});

const packages = await procxy(Packages, './packages.js', { enableCallbacks: true }, FOLDER);
const first = await packages.first(counted, 10);
const count = await packages.count();
await packages.$terminate();

printTable(
  first.map(({ name, bytes, files }) => [name, String(bytes), String(files)]),
  ['package', 'bytes', 'files'],
);
console.log(`\n${count} packages, sorted by ${ORDER}; the child asked this process ${comparisons} times.`);
