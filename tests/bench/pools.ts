/**
 * Measures pools of four against each other: `npm run bench:pools`, with `--quick` for fewer calls. Each contestant has a process of
 * its own. They take turns in short rounds, so that other work on the machine concerns all of them. It prints medians of the rounds,
 * and of the ratios to procxy within each round.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { contestants } from './pool-contestants.js';
import type { Load, Measured, Request } from './pool-runner.js';
import { median } from './statistics.js';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 7 : 15;
const CALLS = quick ? 2_000 : 5_000;
const MANY = quick ? 20_000 : 100_000;
/** V8 needs several thousand calls in each process to compile what is called, of which some contestants have more than others. */
const WARM_UP = quick ? 10_000 : 40_000;
/** Calls before each measurement, which bring the contestant back into the caches of the processor. */
const CALLS_BEFORE = 0.2;
const SIZE = 4;
const TEXT = 'x'.repeat(100_000);

const rows: Record<string, Load> = {
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

/** A process with one contestant. It does one thing at a time. */
class Contestant {
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(readonly name: string) {
    const runner = fileURLToPath(new URL('pool-runner.ts', import.meta.url));
    this.#process = fork(runner, [name], { execArgv: ['--import', 'tsx'] });
    this.#ended = once(this.#process, 'exit').then(() => {
      throw new Error(`The process of ${name} has ended`);
    });
    // Handled here too, since nobody may be waiting for an answer. ask() rejects with it.
    this.#ended.catch(() => {});
  }

  async ask<T>(request: Request): Promise<T> {
    this.#process.send(request);
    const [answer] = (await Promise.race([once(this.#process, 'message'), this.#ended])) as [T];
    return answer;
  }

  async measure(load: Load): Promise<Measured> {
    await this.ask({ ask: 'run', load: { ...load, calls: Math.ceil(load.calls * CALLS_BEFORE) } });
    return this.ask<Measured>({ ask: 'run', load });
  }

  async end(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
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

const all = Object.keys(contestants).map((name) => new Contestant(name));
const creation = new Map(all.map(({ name }) => [name, [] as number[]]));
await inRounds(all, quick ? 3 : 7, async (each) => {
  creation.get(each.name)?.push(await each.ask<number>({ ask: 'create', size: SIZE }));
});
print('creation of 4, until each has answered', 'ms', creation);

for (const each of all) {
  await each.ask({ ask: 'start', size: SIZE });
  await each.ask({ ask: 'run', load: { value: 1, calls: WARM_UP, inFlight: 16 } });
}
for (const [title, load] of Object.entries(rows)) {
  const samples = new Map(all.map(({ name }): [string, Sample] => [name, { rate: [], cpu: [] }]));
  await inRounds(all, load.inFlight === MANY ? Math.ceil(ROUNDS / 3) : ROUNDS, async (each) => {
    const { rate, cpu } = await each.measure(load);
    samples.get(each.name)?.rate.push(rate);
    samples.get(each.name)?.cpu.push(cpu);
  });
  const column = (key: keyof Sample): Map<string, number[]> => new Map([...samples].map(([name, s]) => [name, s[key]]));
  print(title, 'calls/s', column('rate'), column('cpu'));
}
await Promise.all(all.map((each) => each.end()));
