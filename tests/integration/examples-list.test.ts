import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { examples, examplesFolder, examplesIn, lackOf } from '../support/examples.js';
import { runExamples, unlisted, type Settings } from '../support/run-examples.js';

const LONGEST_LINE = 110;

test('every example is in the list, and in the README', () => {
  expect(examplesIn(examplesFolder).length).toBeGreaterThan(15);
  expect(unlisted(examplesFolder, examples)).toEqual([]);
});

test('the README has one short line for each example', () => {
  const lines = readFileSync(join(examplesFolder, 'README.md'), 'utf8').split('\n');
  const entry = /^- \[`([^`]+)`\]\(([^)]+)\) [a-z].*\.$/;
  const entries = lines.slice(lines.findIndex((line) => line.startsWith('## '))).filter((line) => line !== '');
  expect(entries.filter((line) => !entry.test(line) && !line.startsWith('## '))).toEqual([]);
  const names = entries.flatMap((line) => entry.exec(line)?.[1] ?? []);
  expect(names.toSorted()).toEqual(examplesIn(examplesFolder));
  for (const line of entries) {
    const [, name = '', path = ''] = entry.exec(line) ?? [];
    if (name !== '') expect(dirname(path) === '.' ? path : dirname(path)).toBe(name);
  }
  expect(lines.filter((line) => line.startsWith('- ') && line.length > LONGEST_LINE)).toEqual([]);
});

test('an example says what it lacks', async () => {
  expect(await lackOf({ name: 'any' })).toBeUndefined();
  expect(await lackOf({ name: 'any', needs: 'git' })).toBeUndefined();
  expect(await lackOf({ name: 'any', needs: 'no-such-program' as 'git' })).toBe('needs no-such-program');
});

describe('npm run examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procxy-examples-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const programs = {
    fine: `
      let typed = '';
      process.stdin.on('data', (text) => (typed += text));
      process.stdin.on('end', () => process.exit(process.argv[2] === 'typed:' && typed === 'a line' ? 0 : 1));`,
    wrong: 'console.log("before"); console.error("what was wrong"); process.exit(3);',
    endless: 'setInterval(() => {}, 1000);',
    'index-it.js': '',
  };
  for (const [name, text] of Object.entries(programs)) {
    const path = name.endsWith('.js') ? join(folder, name) : join(folder, name, 'main.js');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  writeFileSync(join(folder, 'table.js'), 'not an example');
  const list = Object.keys(programs).map((name) => ({ name, args: ['typed:'], input: 'a line' }));
  const describeAll = (names: string[]): void =>
    writeFileSync(join(folder, 'README.md'), names.map((name) => `- [\`${name}\`](${name}) runs.\n`).join(''));

  /** What it returns and prints, without times. */
  async function outcome(settings: Partial<Settings>): Promise<[isFine: boolean, ...lines: string[]]> {
    const lines: string[] = [];
    const isFine = await runExamples({ folder, list, limit: 20_000, print: (line) => lines.push(line), ...settings });
    return [isFine, ...lines.map((line) => line.replace(/ +\d+\.\d s/, ' …'))];
  }

  test('prints a line for each, and succeeds if all do', async () => {
    describeAll(Object.keys(programs));
    expect(await outcome({ only: ['fine', 'index-it.js'] })).toEqual([
      true,
      'fine …  ok',
      'index-it.js …  ok',
      '2 of 2 examples are ok, 0 failed.',
    ]);
  });

  test('shows what one has printed that fails, and fails itself', async () => {
    expect(await outcome({ only: ['wrong', 'fine'] })).toEqual([
      false,
      'fine …  ok',
      'wrong …  ended with exit code 3',
      '  | before',
      '  | what was wrong',
      '1 of 2 examples are ok, 1 failed.',
    ]);
  });

  test('ends one that does not end', async () => {
    const [isFine, line] = await outcome({ only: ['endless'], limit: 500 });
    expect([isFine, line]).toEqual([false, 'endless …  had not ended after 0.5 s']);
  });

  test('says what it does not run, and succeeds', async () => {
    const lacking = list.map((example) => ({ ...example, needs: 'no-such-program' as 'git' }));
    expect(await outcome({ list: lacking, only: ['fine'] })).toEqual([
      true,
      'fine          not run: needs no-such-program',
      '0 of 1 examples are ok, 0 failed, 1 not run.',
    ]);
  });

  test('fails if an example is not in the list or the README, or has no program', async () => {
    describeAll(['fine', 'wrong', 'index-it.js']);
    const [, ...rest] = list;
    expect(await outcome({ list: [...rest, { name: 'gone' }], only: ['index-it.js'] })).toEqual([
      false,
      'index-it.js …  ok',
      'endless is not in examples/README.md.',
      'fine is not in the list of tests/support/examples.ts.',
      'gone has no program.',
      '1 of 1 examples are ok, 0 failed.',
    ]);
    expect(await outcome({ only: ['fin'] })).toContain('There is no example fin.');
  });
});
