/** `npm run kills`, with `--children N --parents N --seed N`: children, parents and reapers die at random moments. */
import { parseArgs } from 'node:util';
import { killChildren, killParents } from './kills.js';
import { seeded } from '../support/seeded.js';

const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: { children: text('2000'), parents: text('100'), seed: text(`${Date.now()}`) },
});
const seed = Number(values.seed);

let start = performance.now();
const seconds = (): string => ((performance.now() - start) / 1000).toFixed(0);
const { kills, duringStart, reapers, outcomes } = await killChildren(Number(values.children), seeded(seed));
console.log(
  `seed ${seed}: ${kills} children died in ${seconds()} s, ${duringStart} of them while they started, and ${reapers} reapers`,
);
for (const [outcome, count] of [...outcomes].toSorted(([, a], [, b]) => b - a)) console.log(`  ${count}  ${outcome}`);
start = performance.now();
const parents = await killParents(Number(values.parents), seeded(seed));
console.log(
  `${values.parents} parents were killed in ${seconds()} s, after ${parents.reapers} of their reapers, and their ${parents.children} children went with them`,
);
console.log('All that was open has settled, and nothing is left.');
