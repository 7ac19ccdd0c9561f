/** `npm run kills`, with `--children N --parents N --seed N`: children, parents and reapers die at random moments. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren, killParents } from './kills.js';
import { chaos } from '../support/pool-chaos.js';
import { seeded } from '../support/seeded.js';

const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: { children: text('2000'), parents: text('100'), calls: text('20000'), seed: text(`${Date.now()}`) },
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
start = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'procxy-kills-'));
const pool = await chaos({
  calls: Number(values.calls),
  log: join(folder, 'log'),
  random: seeded(seed),
  killEvery: 200,
});
rmSync(folder, { recursive: true });
if (pool.ranTwice.length + pool.undecided.length > 0) throw new Error('a pool has miscounted', { cause: pool });
const { settled, fulfilled, ran } = pool;
console.log(`${settled} calls through a pool of 4 in ${seconds()} s, of which ${pool.kills} instances were killed:`);
console.log(`  ${fulfilled} answered, ${ran.maybe} that may have run, ${ran.no} that have not, none that ran twice`);
console.log('All that was open has settled, and nothing is left.');
