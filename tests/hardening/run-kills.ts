/**
 * `npm run kills`, with `--children N --parents N --calls N --seed N`: children, parents and reapers die at random moments, and so do
 * the instances of a pool and instances by key.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren, killParents } from './kills.js';
import type { ChaosReport } from '../support/chaos-account.js';
import { keyedChaos } from '../support/keyed-chaos.js';
import { chaos } from '../support/pool-chaos.js';
import { childPids, until } from '../support/processes.js';
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
const folder = mkdtempSync(join(tmpdir(), 'procxy-kills-'));
const calls = Number(values.calls);

/** @throws where calls were lost or have run twice, or a child is left */
async function report(what: string, { ranTwice, undecided, ...rest }: ChaosReport): Promise<void> {
  if (ranTwice.length + undecided.length > 0)
    throw new Error(`${what}: miscounted`, { cause: { ranTwice, undecided } });
  const { settled, fulfilled, ran } = rest;
  console.log(`${settled} calls ${what} in ${seconds()} s, of which ${rest.kills} instances were killed:`);
  console.log(`  ${fulfilled} answered, ${ran.maybe} that may have run, ${ran.no} that have not, none that ran twice`);
  await until(() => childPids().length <= 1, 'the instances have gone');
}

start = performance.now();
const random = seeded(seed);
await report('through a pool of 4', await chaos({ calls, log: join(folder, 'pool'), random, killEvery: 200 }));
for (const perChild of [1, 3]) {
  start = performance.now();
  const log = join(folder, `keys ${perChild}`);
  const keyed = await keyedChaos({ calls, log, random, killEvery: 200, perChild });
  const { outOfOrder, unpaired, saves } = keyed;
  if (outOfOrder.length + unpaired.length > 0) throw new Error('keys: mixed up', { cause: { outOfOrder, unpaired } });
  await report(`by key, with ${perChild} to a child,`, keyed);
  console.log(`  in order for each of the 40 keys, of which at most 6 had an instance, and ${saves} saves`);
}
rmSync(folder, { recursive: true });
console.log('All that was open has settled, and nothing is left.');
