import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf, examples, examplesFolder, examplesIn, lackOf, programOf, type Example } from './examples.js';

/**
 * Runs every example, one after the other, as a person would: `npm run examples`, or `npm run examples -- NAME…` for some of them.
 * Prints a line for each. The exit code is 1 if one of them failed, or if one is not listed.
 */

/** An example that takes longer has failed, in ms. */
const LIMIT = 120_000;
/** Lines of output that are shown of an example that failed. */
const SHOWN_LINES = 15;

export interface Settings {
  folder: string;
  list: readonly Example[];
  /** Names of the examples to run, instead of all. */
  only?: readonly string[];
  limit?: number;
  print?: (line: string) => void;
}

interface Run {
  /** `undefined` if it went well. */
  failure?: string;
  output: string;
}

/** Returns whether all went well. */
export async function runExamples({
  folder,
  list,
  only = [],
  limit = LIMIT,
  print = console.log,
}: Settings): Promise<boolean> {
  const problems = [
    ...only
      .filter((name) => !list.some((example) => example.name === name))
      .map((name) => `There is no example ${name}.`),
    ...unlisted(folder, list),
  ];
  const chosen = list.filter(({ name }) => only.length === 0 || only.includes(name));
  const count = { ok: 0, failed: 0, lacking: 0 };
  const width = Math.max(...chosen.map(({ name }) => name.length));
  for (const example of chosen) {
    const line = (time: string, result: string): void =>
      print(`${example.name.padEnd(width)} ${time.padStart(7)}  ${result}`);
    const lack = await lackOf(example);
    if (lack !== undefined) {
      count.lacking++;
      line('', `not run: ${lack}`);
      continue;
    }
    const start = performance.now();
    const { failure, output } = await runExample(example, folder, limit);
    line(`${((performance.now() - start) / 1000).toFixed(1)} s`, failure ?? 'ok');
    count[failure === undefined ? 'ok' : 'failed']++;
    if (failure !== undefined) for (const each of lastLines(output)) print(`  | ${each}`);
  }
  for (const problem of problems) print(problem);
  const lacking = count.lacking === 0 ? '' : `, ${count.lacking} not run`;
  print(`${count.ok} of ${chosen.length} examples are ok, ${count.failed} failed${lacking}.`);
  return count.failed === 0 && problems.length === 0;
}

/** Lists examples that are missing in the list or in the README, and listed ones that do not exist. */
export function unlisted(folder: string, list: readonly Example[]): string[] {
  const listed = list.map(({ name }) => name);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  return [
    ...examplesIn(folder).flatMap((name) => [
      ...(listed.includes(name) ? [] : [`${name} is not in the list of tests/support/examples.ts.`]),
      ...(readme.includes(`](${name}`) ? [] : [`${name} is not in examples/README.md.`]),
    ]),
    ...listed.filter((name) => !existsSync(programOf(name, folder))).map((name) => `${name} has no program.`),
  ];
}

/** Each run has a working directory of its own, so that files of one are not found by another. */
async function runExample(example: Example, folder: string, limit: number): Promise<Run> {
  const [command, ...args] = await commandOf(example, folder);
  const cwd = await mkdtemp(join(tmpdir(), 'procxy-example-'));
  try {
    return await new Promise((resolve) => {
      const child = spawn(command, args, { cwd, stdio: 'pipe' });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      }
      child.stdin.on('error', () => {}); // a program may end without reading all
      child.stdin.end(example.input);
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
        // A process of the example may hold the pipes.
        child.stdout.destroy();
        child.stderr.destroy();
      }, limit);
      child.once('error', (error) => {
        clearTimeout(timer);
        resolve({ failure: error.message, output });
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        const ended = isLate
          ? `had not ended after ${limit / 1000} s`
          : signal
            ? `was ended by ${signal}`
            : `ended with exit code ${code}`;
        resolve(code === 0 && !isLate ? { output } : { failure: ended, output });
      });
    });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function lastLines(output: string): string[] {
  return output.trimEnd().split('\n').slice(-SHOWN_LINES);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isFine = await runExamples({ folder: examplesFolder, list: examples, only: process.argv.slice(2) });
  process.exitCode = isFine ? 0 : 1;
}
