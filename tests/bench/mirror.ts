/**
 * Measures what the mirror of properties adds to a call: `npm run bench:mirror`. For each class, one child mirrors and another has
 * `mirror: false`. They take turns in short rounds. It prints the median over the rounds: how many times as long a call takes
 * with the mirror.
 */
import { procxy } from 'procxy';
import { BackReference, Counting, OneKilobyte, Plain, SixteenKilobytes, Timer, TwelveKilobytes } from './mirrored.js';
import { median } from './statistics.js';

const ROUNDS = 21;
const CALLS = 500;
const WARM_UP = 20;

type Echo = (value: number) => Promise<number>;

const classes: Record<string, typeof Plain> = {
  'no fields': Plain,
  'a back reference': BackReference,
  'a timer': Timer,
  '1 KiB of data': OneKilobyte,
  '12 KiB of data': TwelveKilobytes,
  '16 KiB of data': SixteenKilobytes,
  'a counter that changes with each call': Counting,
};

/** µs for each call, with `window` calls in flight. */
async function time(echo: Echo, window: number): Promise<number> {
  const begun = performance.now();
  for (let done = 0; done < CALLS; done += window) {
    await Promise.all(Array.from({ length: window }, (_, n) => echo(n)));
  }
  return ((performance.now() - begun) * 1000) / CALLS;
}

async function compare(Class: typeof Plain, serialization: 'json' | 'advanced', window: number): Promise<number> {
  const start = (mirror: boolean) => procxy(Class, './mirrored.js', { serialization, mirror });
  await using mirrored = await start(true);
  await using bare = await start(false);
  const both: Echo[] = [(value) => mirrored.echo(value), (value) => bare.echo(value)];
  for (let round = 0; round < WARM_UP; round++) for (const echo of both) await time(echo, window);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times = [NaN, NaN];
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) times[side] = await time(both[side] as Echo, window);
    ratios.push((times[0] as number) / (times[1] as number));
  }
  return median(ratios);
}

console.log(`${'a call with the mirror, beside mirror: false'.padEnd(46)}json           advanced`);
console.log(`${''.padEnd(46)}alone  in 100s  alone  in 100s`);
for (const [title, Class] of Object.entries(classes)) {
  const cells: string[] = [];
  for (const serialization of ['json', 'advanced'] as const) {
    for (const window of [1, 100]) cells.push((await compare(Class, serialization, window)).toFixed(2));
  }
  console.log(`  ${title.padEnd(44)}${cells.map((cell, index) => cell.padEnd(index % 2 === 0 ? 7 : 8)).join('')}`);
}
