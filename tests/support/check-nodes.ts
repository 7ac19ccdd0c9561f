/**
 * Runs the tests under several versions of Node, one after the other: `npm run build`, then
 * `tsx tests/support/check-nodes.ts 20 22 24 26`, with `--only PATTERN` and `--exclude GLOB` for vitest, and `--thorough`
 * to repeat random tests as often as `npm run check:full` does.
 * The exit code is 0 if all tests have run and passed. A skipped test counts as a failure.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isNodeMajor, nodeBinary, type NodeMajor } from './nodes.js';
import { root, run } from './packed.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Row extends Counts {
  version: string;
  seconds: number;
  /** Vitest's exit code. It is also not 0 if a file did not load, or an error was unhandled. */
  code: number | null;
}

/** The part of vitest's JSON report that is used here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
}

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { majors, filters, thorough } = readArguments();
const rows: Row[] = [];
// One after the other: the tests have deadlines, and already fork more processes than there are cores.
for (const major of majors) rows.push(await check(major));
console.log(`\n${toTable(rows)}`);
process.exitCode = rows.every(isGood) ? 0 : 1;

function readArguments(): { majors: NodeMajor[]; filters: string[]; thorough: boolean } {
  const list = { type: 'string' as const, multiple: true as const, default: [] as string[] };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: list, exclude: list, thorough: { type: 'boolean', default: false } },
  });
  const numbers = positionals.map(Number);
  const unknown = positionals.filter((_, index) => !isNodeMajor(numbers[index] ?? NaN));
  if (numbers.length === 0 || unknown.length > 0) {
    const wrong = unknown.length > 0 ? `There is no binary of Node ${unknown.join(', ')}. ` : '';
    console.error(
      `${wrong}Usage: tsx tests/support/check-nodes.ts 20 22 24 26 [--only PATTERN] [--exclude GLOB] [--thorough]`,
    );
    process.exit(2);
  }
  return {
    majors: numbers.filter(isNodeMajor),
    thorough: values.thorough,
    filters: [...values.only, ...values.exclude.map((glob) => `--exclude=${glob}`)],
  };
}

async function check(major: NodeMajor): Promise<Row> {
  const binary = await nodeBinary(major);
  const version = (await run(binary, ['--version'], { cwd: root })).stdout.trim();
  console.log(`\nNode ${version}, ${binary}`);
  const folder = await mkdtemp(join(tmpdir(), 'procxy-check-nodes-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const start = performance.now();
  try {
    const code = await runOnScreen(binary, [vitest, 'run', ...filters, ...reporters]);
    const seconds = (performance.now() - start) / 1000;
    return { version, code, seconds, ...(await readCounts(report)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runOnScreen(binary: string, args: string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const env = thorough ? { ...process.env, PROCXY_THOROUGH: '1' } : process.env;
    const child = spawn(binary, args, { cwd: root, env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function readCounts(file: string): Promise<Counts> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: NaN, failed: NaN, skipped: NaN };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(text) as Report;
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
}

function isGood({ code, passed, failed, skipped }: Row): boolean {
  return code === 0 && passed > 0 && failed === 0 && skipped === 0;
}

function toTable(results: Row[]): string {
  const header = ['version', 'passed', 'failed', 'skipped', 'seconds', 'exit code'];
  const lines = results.map(({ version, passed, failed, skipped, seconds, code }) => [
    version,
    ...[passed, failed, skipped].map((count) => (Number.isNaN(count) ? '?' : String(count))),
    seconds.toFixed(1),
    String(code),
  ]);
  return [header, ...lines].map((line) => line.map((cell) => cell.padStart(10)).join('')).join('\n');
}
