/**
 * Runs the tests of one file on Windows: `node run-file.js FILE REPORT OPTIONS`. Vitest's command does not start under Wine, but its runner and
 * its `expect` are plain JavaScript, so that the tests run with the real ones.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { watchPipes } from './pipes.js';
import type { TestResult } from './results.js';

const [, , file = '', report = '', options = ''] = process.argv;
const { folder, without } = JSON.parse(readFileSync(options, 'utf8')) as { folder: string; without: string[] };
process.env['TEMP'] = folder;
process.env['TMP'] = folder;

// What vitest keeps for its workers. The tests reach only these fields.
const config = { expect: {}, fakeTimers: {}, snapshotOptions: {}, testTimeout: 180_000, hookTimeout: 240_000 };
Object.assign(globalThis, { __vitest_worker__: { config, filepath: file, ctx: {}, environment: {}, durations: {} } });

const { startTests } = await import('vitest/internal/browser');
const { expect } = await import('vitest');

interface Task {
  type: string;
  name: string;
  mode: string;
  suite?: Task;
  tasks?: Task[];
  result?: { state?: string; duration?: number; errors?: { message?: string; stack?: string }[] };
}

// As in Vitest's workers: a test may wait for what does not keep a process alive, such as a warning.
setInterval(() => {}, 1_000_000);
const leftPipes = watchPipes();
const results: TestResult[] = [];
const failures: string[] = [];
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => failures.push(String((error as Error)?.stack ?? error)));
}

const runner = {
  config: {
    ...config,
    root: process.cwd(),
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: without.length === 0 ? undefined : new RegExp(`^(?!.*(${without.join('|')}))`),
    allowOnly: false,
    sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 5,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (path: string) => import(pathToFileURL(path).href),
  extendTaskContext(context: object) {
    return Object.assign(context, { expect });
  },
  onBeforeTryTask() {
    expect.setState({ assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null });
  },
  onAfterRunTask: (test: unknown) => note(test as Task),
};

function note(task: Task): void {
  const errors = task.result?.errors?.map(({ message, stack }) => stack ?? message ?? 'an error');
  results.push({ name: nameOf(task), state: task.result?.state ?? task.mode, ms: task.result?.duration ?? 0, errors });
  save();
}

function nameOf({ name, suite }: Task): string {
  return suite && suite.type !== 'file' && suite.name ? `${nameOf(suite)} > ${name}` : name;
}

function save(done = false): void {
  writeFileSync(report, JSON.stringify({ results, failures, done }));
}

save();
const [collected] = (await startTests([file], runner as never)) as unknown as Task[];
const seen = new Set(results.map(({ name }) => name));
addMissing(collected);
failures.push(...(await leftPipes()).map((path) => `left behind a pipe: ${path}`));
save(true);
process.exit();

/** Adds tests that were not run, because a hook failed or because they were skipped, and errors of suites. */
function addMissing(task: Task | undefined): void {
  for (const error of task?.tasks ? (task.result?.errors ?? []) : []) failures.push(error.stack ?? error.message ?? '');
  if (task?.type === 'test' && !seen.has(nameOf(task))) note(task);
  for (const each of task?.tasks ?? []) addMissing(each);
}
