/**
 * `npm run test:windows` runs the tests on Node for Windows, under Wine, and prints a table. `tsx tests/windows/run.ts 22 --only sync`
 * runs some of them. `exceptions.ts` lists the files and tests that cannot run there, with reasons.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../support/packed.js';
import { withoutFiles, withoutTests } from './exceptions.js';
import { makeMirror } from './mirror.js';
import { openNatsDoor } from './nats-door.js';
import type { FileReport } from './results.js';
import {
  makeFolder,
  nodePath,
  nodes,
  packagesForWindows,
  prepare,
  runOnWindows,
  runtimeEnv,
  stopWine,
  strayFiles,
  toWindows,
  type NodeMajor,
} from './wine.js';

/** Only to end a file that hangs, in ms. */
const LONGEST_FILE = 300_000;

interface Row {
  file: string;
  passed: number;
  failed: number;
  excluded: number;
  seconds: number;
  problems: string[];
}

/** How many folders for temporary files there were. */
let folders = 0;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: '2' },
    longest: { type: 'string', default: String(LONGEST_FILE) },
    verbose: { type: 'boolean', default: false },
  },
});
const majors = (positionals.length > 0 ? positionals.map(Number) : [20, 22]) as NodeMajor[];
for (const major of majors) if (!(major in nodes)) throw new Error(`Node ${major} does not start under Wine 8.`);

const files = testFiles().filter((file) => values.only.length === 0 || values.only.some((part) => file.includes(part)));
prepare(majors);
const mirror = makeFolder('mirror');
const temporary = makeFolder('temporary');
const door = await openNatsDoor();
const cleanUp = (): void => {
  door.close();
  stopWine();
  for (const folder of [mirror, temporary]) rmSync(folder, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (cleanUp(), process.exit(1)));
try {
  makeMirror(root, mirror, packagesForWindows);
  for (const major of majors) report(major, await runAll(major));
} finally {
  cleanUp();
}

function testFiles(): string[] {
  return readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(test|windows)\.ts$/.test(file) && !file.includes('node_modules'))
    .map((file) => `tests/${file}`)
    .toSorted();
}

function reasonAgainst(file: string): string | undefined {
  return Object.entries(withoutFiles).find(
    ([name]) => file === name || (name.endsWith('/') && file.startsWith(name)),
  )?.[1];
}

async function runAll(major: NodeMajor): Promise<Row[]> {
  for (const file of strayFiles()) rmSync(file, { recursive: true });
  const waiting = files.filter((file) => reasonAgainst(file) === undefined);
  const rows = [await checkTheCheck(major)];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const row = await runFile(major, file);
      rows.push(row);
      const line = `${row.problems.length > 0 ? '✗' : '✓'} ${file}  ${row.passed} passed, ${row.failed} failed, ${row.seconds.toFixed(1)} s`;
      console.log(
        [
          line,
          ...row.problems.map((problem) => `    ${values.verbose ? problem : problem.split('\n', 3).join('\n    ')}`),
        ].join('\n'),
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  const stray = strayFiles();
  if (stray.length > 0) rows.push({ ...empty('(all files)'), problems: [`left behind: ${stray.join(', ')}`] });
  return rows;
}

/** Runs a file that leaves a process, a pipe and a file behind. Its row is good if each of them makes it red. */
async function checkTheCheck(major: NodeMajor): Promise<Row> {
  const row = await runFile(major, 'tests/windows/leaving.ts');
  const missed = ['a process', 'a pipe', 'temporary files'].filter(
    (what) => !row.problems.some((problem) => problem.startsWith(`left behind ${what}`)),
  );
  const problems = missed.map((what) => `does not notice ${what} that a file leaves behind`);
  console.log(
    problems.length === 0 ? '✓ What a file leaves behind makes it red.' : `✗ ${row.file}  ${problems.join(', ')}`,
  );
  return { ...row, problems };
}

function empty(file: string): Row {
  return { file, passed: 0, failed: 0, excluded: 0, seconds: 0, problems: [] };
}

async function runFile(major: NodeMajor, file: string): Promise<Row> {
  const folder = join(temporary, `${major}-${file.replaceAll(/\W/g, '-')}`);
  const [log, reportFile] = [`${folder}.log`, `${folder}.json`];
  const windowsTemp = join(temporary, `T${++folders}`);
  mkdirSync(windowsTemp, { recursive: true });
  const test = join(mirror, file.replace(/\.ts$/, '.js'));
  // In a file, since Wine's command lines have no letters beyond ASCII.
  const optionsFile = `${folder}.options.json`;
  const options = { folder: toWindows(windowsTemp), without: Object.keys(withoutTests[file] ?? {}) };
  writeFileSync(optionsFile, JSON.stringify(options));
  const start = performance.now();
  const { code, left } = await runOnWindows({
    node: nodePath(major),
    args: [
      toWindows(join(mirror, 'tests/windows/run-file.js')),
      toWindows(test),
      toWindows(reportFile),
      toWindows(optionsFile),
    ],
    cwd: mirror,
    env: { ...runtimeEnv(), PROCXY_TEST_ON_WINE: '1', PROCXY_TEST_NATS_DOOR: String(door.port) },
    log,
    timeout: Number(values.longest),
  });
  const seconds = (performance.now() - start) / 1000;
  const output = existsSync(log) ? readFileSync(log, 'utf8') : '';
  const { results, failures, done } = existsSync(reportFile)
    ? (JSON.parse(readFileSync(reportFile, 'utf8')) as FileReport)
    : { results: [], failures: [], done: false };
  const problems = results
    .filter(({ state }) => state === 'fail')
    .map(({ name, errors }) => `${name}: ${errors?.join('\n') ?? 'failed'}`);
  problems.push(...failures);
  if (!done)
    problems.push(`${code === undefined ? 'did not end in time' : `ended with code ${code}`}: ${output.slice(-1500)}`);
  problems.push(...left.map((command) => `left behind a process: ${command}`));
  // tsx keeps its cache there.
  const remains = readdirSync(windowsTemp).filter((name) => !name.startsWith('tsx-'));
  if (remains.length > 0) problems.push(`left behind temporary files: ${remains.join(', ')}`);
  rmSync(windowsTemp, { recursive: true, force: true });
  const count = (...states: string[]): number => results.filter(({ state }) => states.includes(state)).length;
  return { file, passed: count('pass'), failed: count('fail'), excluded: count('skip', 'todo'), seconds, problems };
}

function report(major: NodeMajor, rows: readonly Row[]): void {
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const bad = rows.filter(({ problems }) => problems.length > 0);
  console.log(`\nNode ${nodes[major]} for Windows, under Wine`);
  console.log('  passed  failed  excluded  seconds  file');
  const all = {
    file: `${rows.length} files`,
    passed: sum((row) => row.passed),
    failed: sum((row) => row.failed),
    excluded: sum((row) => row.excluded),
    seconds: sum((row) => row.seconds),
  };
  for (const { file, passed, failed, excluded, seconds } of [
    ...rows.toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    all,
  ]) {
    const cells = [passed, failed, excluded].map((cell, index) => String(cell).padStart(index === 2 ? 10 : 8));
    console.log(`${cells.join('')}${seconds.toFixed(1).padStart(9)}  ${file}`);
  }
  console.log(
    bad.length === 0
      ? 'Every file passed, and left nothing behind.'
      : `With problems: ${bad.map(({ file }) => file).join(', ')}`,
  );
  if (bad.length > 0) process.exitCode = 1;
}
