/**
 * Measures pools of four against each other, round by round: `npm run bench:pools`, with `--quick` for a tenth of the calls. It prints
 * medians of the rounds, as calls per second or milliseconds. piscina has threads, which have the lighter task.
 */
import { existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { procxyPool } from 'procxy';
import { median } from './statistics.js';
import { Echo } from './pool-echo.js';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 3 : 5;
const CALLS = quick ? 2_000 : 20_000;
const SIZE = 4;
const TEXT = 'x'.repeat(100_000);

const contestants = fileURLToPath(new URL('contestants', import.meta.url));
if (!existsSync(`${contestants}/node_modules`)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: contestants, stdio: 'inherit' });
}
const child = (name: string): string => `${contestants}/${name}-child.js`;

interface Running {
  echo(value: unknown): PromiseLike<unknown>;
  stop(): unknown;
}

type Peer = new (options: object) => { run(value: unknown): Promise<unknown>; destroy(): Promise<void> };

const { resolve } = createRequire(`${contestants}/package.json`);
const load = async <T>(name: string): Promise<T> => (await import(pathToFileURL(resolve(name)).href)) as T;
const { Tinypool } = await load<{ Tinypool: Peer }>('tinypool');
const {
  default: { Piscina },
} = await load<{ default: { Piscina: Peer } }>('piscina');
const { default: workerpool } = await load<{
  default: {
    pool(
      file: string,
      options: object,
    ): { exec(name: string, args: unknown[]): PromiseLike<unknown>; terminate(force: boolean): unknown };
  };
}>('workerpool');

const pools: Record<string, () => Promise<Running> | Running> = {
  async procxy() {
    const pool = await procxyPool(Echo, './pool-echo.js', { size: SIZE, maxQueue: 1_000_000, execArgv: [] });
    return { echo: (value) => pool.echo(value), stop: () => pool.$terminate() };
  },
  tinypool() {
    const options = { runtime: 'child_process', filename: child('tinypool'), minThreads: SIZE, maxThreads: SIZE };
    const pool = new Tinypool(options);
    return { echo: (value) => pool.run(value), stop: () => pool.destroy() };
  },
  workerpool() {
    const options = { workerType: 'process', minWorkers: SIZE, maxWorkers: SIZE };
    const pool = workerpool.pool(child('workerpool'), options);
    return { echo: (value) => pool.exec('echo', [value]), stop: () => pool.terminate(true) };
  },
  'piscina (threads)'() {
    const pool = new Piscina({ filename: child('piscina'), minThreads: SIZE, maxThreads: SIZE, maxQueue: 1_000_000 });
    return { echo: (value) => pool.run(value), stop: () => pool.destroy() };
  },
};

/** Calls per second with so many calls in flight. */
async function throughput({ echo }: Running, value: unknown, calls: number, inFlight: number): Promise<number> {
  let left = calls;
  const start = performance.now();
  const run = async (): Promise<void> => {
    while (left-- > 0) await echo(value);
  };
  await Promise.all(Array.from({ length: inFlight }, run));
  return calls / ((performance.now() - start) / 1000);
}

const rows: Record<string, (pool: Running) => Promise<number>> = {
  'calls/s, one at a time': (pool) => throughput(pool, 1, CALLS / 4, 1),
  'calls/s, 16 in flight': (pool) => throughput(pool, 1, CALLS, 16),
  'calls/s, all made at once': (pool) => throughput(pool, 1, CALLS, CALLS),
  'calls/s, 100,000 waiting': (pool) => throughput(pool, 1, quick ? 10_000 : 100_000, quick ? 10_000 : 100_000),
  'calls/s, 100 KB, 8 in flight': (pool) => throughput(pool, TEXT, CALLS / 20, 8),
};

const results = new Map<string, number[]>();
const note = (name: string, row: string, value: number): void => {
  const key = `${row} | ${name}`;
  results.set(key, [...(results.get(key) ?? []), value]);
};

for (let round = 0; round < ROUNDS; round++) {
  for (const [name, start] of Object.entries(pools).toSorted(() => Math.random() - 0.5)) {
    const begun = performance.now();
    const pool = await start();
    // Each has answered: all of them run.
    await Promise.all(Array.from({ length: SIZE }, () => pool.echo(0)));
    note(name, 'ms to create 4', performance.now() - begun);
    await throughput(pool, 1, CALLS / 10, 16);
    for (const [row, measure] of Object.entries(rows)) note(name, row, await measure(pool));
    await pool.stop();
  }
}
for (const row of ['ms to create 4', ...Object.keys(rows)]) {
  console.log(row);
  for (const name of Object.keys(pools)) {
    console.log(
      `  ${name.padEnd(20)}${median(results.get(`${row} | ${name}`) ?? [])
        .toFixed(0)
        .padStart(9)}`,
    );
  }
}
