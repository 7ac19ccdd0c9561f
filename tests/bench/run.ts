/**
 * Measures this library against bare messages and against its peers: `npm run bench`. Each round runs each contestant once, in a
 * process of its own and in another order than the round before; what is compared is of one round.
 *
 * `--quick`: one short round, of what does not take a million calls. `--only TEXT`: rows whose id or title holds it. `--rounds N`.
 * `--no-peers`: bare messages and this library alone. The results are written to `results/trial.json`; those of a whole run in the end
 * to `results/latest.json` and to `docs/reference/benchmarks.md`, with its plot. `--plot` rewrites the page and the plot from `latest.json`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { describeMachine, findCores } from './machine.js';
import { publish } from './publish.js';
import type { Results } from './results.js';
import { isPeer, rows, type Entrant, type Layout, type Row } from './rows.js';
import { printRow } from './table.js';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    plot: { type: 'boolean' },
    'no-peers': { type: 'boolean' },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 4));
const times = flags.quick ? { warmUp: 100, time: 150 } : { warmUp: 1200, time: 600 };
const chosen = rows
  .filter(({ id, title, isLong }) => `${id} ${title}`.includes(flags.only ?? '') && !(flags.quick && isLong))
  .map((row) => (flags['no-peers'] ? { ...row, entrants: row.entrants.filter(({ name }) => !isPeer(name)) } : row));
const isWhole = !flags.quick && !flags['no-peers'] && flags.only === undefined;

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const contestants = pathOf('contestants');

if (!existsSync(`${contestants}/node_modules`)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: contestants, stdio: 'inherit' });
}
if (flags.plot) {
  await publish(JSON.parse(await readFile(pathOf('results/latest.json'), 'utf8')) as Results);
  process.exit();
}
const peers = JSON.parse(await readFile(`${contestants}/package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};
const cores = findCores();
if (cores.length === 0) console.log('taskset is missing, or there is one core only: nothing is pinned.\n');
const machine = describeMachine();
if (machine.load > 0.5) {
  console.log(`The machine is busy (load ${machine.load.toFixed(1)}): the figures will say little.\n`);
}

const results: Results = {
  date: new Date().toISOString(),
  node: process.version,
  machine,
  cores,
  versions: peers.dependencies,
  times,
  samples: {},
};

// A certificate bundle in the environment costs each new process tens of milliseconds.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

/** Cores that the contestant's process is started on. */
const coresOf: Record<Layout, number[]> = { 'one core': cores.slice(-1), 'a core each': cores, 'two cores': cores };

/** One sample, by a process of its own. */
async function sample(row: Row, { contestant, settings, work = row.work }: Entrant): Promise<number> {
  const order = {
    contestant,
    settings,
    work,
    workSettings: { ...row.workSettings, times },
    ...(row.layout === 'a core each' && cores.length > 0 && { cores }),
  };
  const command = [process.execPath, `${contestants}/host.js`, JSON.stringify(order)];
  if (cores.length > 0) command.unshift('taskset', '-c', coresOf[row.layout].join(','));
  const [program, ...args] = command as [string, ...string[]];
  const { stdout } = await promisify(execFile)(program, args, { env, timeout: 120_000, killSignal: 'SIGKILL' });
  return Number(stdout);
}

async function save(name: string): Promise<void> {
  const path = pathOf(`results/${name}.json`);
  await writeFile(path, await format(JSON.stringify(results), { ...(await resolveConfig(path)), parser: 'json' }));
}

for (let round = 0; round < rounds; round++) {
  for (const row of chosen) {
    if (row.isLong && round > 0) continue;
    const samples = (results.samples[row.id] ??= {});
    for (let turn = 0; turn < row.entrants.length; turn++) {
      const entrant = row.entrants[(round + turn) % row.entrants.length] as Entrant;
      process.stderr.write(`\r\x1b[Kround ${round + 1} of ${rounds}: ${row.title}: ${entrant.name}`);
      let value: number | null = null;
      try {
        value = await sample(row, entrant);
      } catch (error) {
        process.stderr.write(`\n${(error as Error).message}\n`);
      }
      (samples[entrant.name] ??= []).push(value);
    }
    // What was measured is not lost with the terminal.
    await save('trial');
  }
}
process.stderr.write('\r\x1b[K');
for (const row of chosen) printRow(row, results);
if (isWhole) {
  await save('latest');
  await publish(results);
}
