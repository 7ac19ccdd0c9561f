/**
 * Measures pools of four against each other: `npm run bench:pools`, with `--quick` for fewer calls. All pools run at the same time,
 * and take turns in short rounds, so that other work on the machine concerns all of them. It prints medians of the rounds, and of the
 * ratios to procxy within each round.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { childPids } from '../support/processes.js';
import { WHO } from './contestants/pool-child.js';
import { contestants, type RunningPool } from './pool-contestants.js';
import { median } from './statistics.js';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 7 : 15;
const CALLS = quick ? 2_000 : 5_000;
const MANY = quick ? 20_000 : 100_000;
/** V8 needs several thousand calls in each process to compile what is called, of which some contestants have more than others. */
const WARM_UP = quick ? 10_000 : 40_000;
const SIZE = 4;
const TEXT = 'x'.repeat(100_000);

interface Row {
  value: unknown;
  calls: number;
  inFlight: number;
}

const rows: Record<string, Row> = {
  'one at a time': { value: 1, calls: CALLS / 5, inFlight: 1 },
  '5 in flight: one call waits': { value: 1, calls: CALLS, inFlight: 5 },
  '16 in flight': { value: 1, calls: CALLS, inFlight: 16 },
  [`${MANY.toLocaleString('en')} at once: all wait`]: { value: 1, calls: MANY, inFlight: MANY },
  '100 KB, one at a time': { value: TEXT, calls: CALLS / 50, inFlight: 1 },
  '100 KB, 8 in flight': { value: TEXT, calls: CALLS / 20, inFlight: 8 },
};

/** What one contestant has taken for one row, round by round. */
interface Sample {
  rate: number[];
  /** µs of CPU for each call, in all processes. */
  cpu: number[];
}

interface Contestant {
  name: string;
  pool: RunningPool;
  children: readonly number[];
}

/** µs of CPU that this process and the children have used, where the system says. */
function cpuTime(children: readonly number[]): number {
  const { user, system } = process.cpuUsage();
  const ofThread = (file: string): number => Number(readFileSync(file, 'utf8').split(' ')[0]) / 1000;
  const ofProcess = (pid: number): number => {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + ofThread(`/proc/${pid}/task/${thread}/schedstat`), 0);
  };
  return process.platform === 'linux' ? user + system + children.reduce((sum, pid) => sum + ofProcess(pid), 0) : NaN;
}

async function measure({ pool, children }: Contestant, { value, calls, inFlight }: Row): Promise<[number, number]> {
  let left = calls;
  const cpu = cpuTime(children);
  const begun = performance.now();
  const run = async (): Promise<void> => {
    while (left-- > 0) await pool.echo(value);
  };
  await Promise.all(Array.from({ length: inFlight }, run));
  const seconds = (performance.now() - begun) / 1000;
  return [calls / seconds, (cpuTime(children) - cpu) / calls];
}

/** Starts a pool, of which each instance has answered. Asks again until then: one that is up early may answer for others. */
async function start(name: string): Promise<RunningPool> {
  const pool = await (contestants[name] as (size: number) => Promise<RunningPool> | RunningPool)(SIZE);
  const answered = new Set<unknown>();
  const ask = async (): Promise<void> => {
    while (answered.size < SIZE) answered.add(await pool.echo(WHO));
  };
  await Promise.all(Array.from({ length: SIZE }, ask));
  return pool;
}

/** Calls `turn` for each, in another order each time. */
async function inRounds<T>(all: readonly T[], rounds: number, turn: (each: T) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const each of all.toSorted(() => Math.random() - 0.5)) await turn(each);
  }
}

function print(row: string, unit: string, samples: Map<string, number[]>, ofCpu?: Map<string, number[]>): void {
  console.log(row);
  const ours = samples.get('procxy') as number[];
  for (const [name, list] of samples) {
    const ratio = median(list.map((value, round) => value / (ours[round] as number)));
    const cpu = ofCpu && median(ofCpu.get(name) as number[]).toFixed(1);
    const figures = `${median(list).toFixed(0).padStart(9)} ${unit}  ${ratio.toFixed(2).padStart(6)} × procxy`;
    console.log(`  ${name.padEnd(20)}${figures}${cpu ? `  ${cpu.padStart(8)} µs of CPU` : ''}`);
  }
}

const names = Object.keys(contestants);
const creation = new Map(names.map((name) => [name, [] as number[]]));
await inRounds(names, quick ? 3 : 7, async (name) => {
  const begun = performance.now();
  const pool = await start(name);
  creation.get(name)?.push(performance.now() - begun);
  await pool.stop();
});
print('creation of 4, until each has answered', 'ms', creation);

const all: Contestant[] = [];
for (const name of names) {
  const others = new Set(childPids());
  const pool = await start(name);
  all.push({ name, pool, children: childPids().filter((pid) => !others.has(pid)) });
}
for (const each of all) await measure(each, { value: 1, calls: WARM_UP, inFlight: 16 });
for (const [title, row] of Object.entries(rows)) {
  const samples = new Map(names.map((name): [string, Sample] => [name, { rate: [], cpu: [] }]));
  await inRounds(all, row.inFlight === MANY ? Math.ceil(ROUNDS / 3) : ROUNDS, async (each) => {
    const [rate, cpu] = await measure(each, row);
    samples.get(each.name)?.rate.push(rate);
    samples.get(each.name)?.cpu.push(cpu);
  });
  const column = (key: keyof Sample): Map<string, number[]> => new Map([...samples].map(([name, s]) => [name, s[key]]));
  print(title, 'calls/s', column('rate'), column('cpu'));
}
await Promise.all(all.map(({ pool }) => pool.stop()));
