import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeApp, root, run } from '../support/packed.js';

/**
 * Suites and programs that fake the clock, before or after they load the library, or run under jsdom. Each does the exercise of
 * `work-out.cjs`, on both channels.
 */

// Longer than the tests within them may take.
vi.setConfig({ testTimeout: 240_000 });

const fixtures = join(root, 'tests', 'fixtures', 'clocks');
const formats = ['commonjs', 'module'] as const;
type Format = (typeof formats)[number];
const channels = ['ipc', 'socket'];

interface Suite {
  /** Statements that fake the clock. None: it stays as the environment has it. */
  fake?: string;
  when?: 'before' | 'after';
  environment?: 'jsdom';
}

const load: Record<Format, (name: string) => string> = {
  commonjs: (name) => `require('${name}')`,
  module: (name) => `await import('${name}')`,
};

/** The statements that a suite begins with. They leave `procxy` and `workOut()`. */
function preamble(format: Format, { fake = '', when }: Suite): string {
  const fixture = load[format]('./work-out.cjs');
  return `
    ${when === 'before' ? fake : ''}
    const procxy = ${load[format]('procxy')};
    const { workOut } = ${format === 'module' ? `(${fixture}).default` : fixture};
    ${when === 'after' ? fake : ''}`;
}

const exercise = (name: string, { fake }: Suite): string =>
  `workOut('${name}', procxy, channel, ${fake !== undefined})`;
const perChannel = (name: string, suite: Suite): string =>
  channels
    .map((channel) => `test('${channel}', () => { const channel = '${channel}'; return ${exercise(name, suite)}; });`)
    .join('\n');

const modern = 'jest.useFakeTimers();';
const jestSuites: Record<string, Suite> = {
  jsdom: { environment: 'jsdom' },
  'jsdom-faked-before': { environment: 'jsdom', fake: modern, when: 'before' },
  'jsdom-faked-after': { environment: 'jsdom', fake: modern, when: 'after' },
  'faked-before': { fake: modern, when: 'before' },
  'faked-after': { fake: modern, when: 'after' },
  'faked-before-the-old-way': { fake: 'jest.useFakeTimers({ legacyFakeTimers: true });', when: 'before' },
};

const everything = `vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate',
  'clearImmediate', 'queueMicrotask', 'hrtime', 'performance', 'Date'] });`;
const vitestSuites: Record<string, Suite> = {
  jsdom: { environment: 'jsdom' },
  'jsdom-faked-before': { environment: 'jsdom', fake: 'vi.useFakeTimers();', when: 'before' },
  'faked-before': { fake: 'vi.useFakeTimers();', when: 'before' },
  'faked-after': { fake: 'vi.useFakeTimers();', when: 'after' },
  'all-faked-before': { fake: everything, when: 'before' },
};

/** Node itself needs ticks to deliver messages. */
const sinon = "FakeTimers.install({ toNotFake: ['nextTick'] });";
const sinonPrograms: Record<string, Suite> = {
  'faked-before': { fake: sinon, when: 'before' },
  'faked-after': { fake: sinon, when: 'after' },
};

const jestFiles = (format: Format): Record<string, string> => {
  const jestImport = format === 'module' ? "import { jest } from '@jest/globals';" : '';
  const environment = createRequire(import.meta.url).resolve('jest-environment-jsdom');
  const head = (suite: Suite): string =>
    `${suite.environment ? `/** @jest-environment ${environment} */` : ''}\n${jestImport}${preamble(format, suite)}`;
  return filesOf(jestSuites, 'test.js', (name, suite) => `${head(suite)}\n${perChannel(name, suite)}`);
};

/** In two parts, so that this file itself does not run under jsdom. */
const vitestEnvironment = ['// @vitest', 'environment jsdom'].join('-');

/** A suite of Vitest is always a module, which may load the library as CommonJS. */
const vitestFiles = (format: Format): Record<string, string> => {
  const require = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";
  const head = (suite: Suite): string =>
    `${suite.environment ? vitestEnvironment : ''}\nimport { test, vi } from 'vitest';\n${require}${preamble(format, suite)}`;
  return filesOf(vitestSuites, 'test.mjs', (name, suite) => `${head(suite)}\n${perChannel(name, suite)}`);
};

const sinonFiles = (format: Format): Record<string, string> => {
  const fakeTimers = load[format]('@sinonjs/fake-timers');
  const head =
    format === 'module' ? `const FakeTimers = (${fakeTimers}).default;` : `const FakeTimers = ${fakeTimers};`;
  return filesOf(sinonPrograms, 'js', (name, suite) => {
    const all = channels
      .map((channel) => `{ const channel = '${channel}'; await ${exercise(name, suite)}; }`)
      .join('\n');
    return `${head}${preamble(format, suite)}\n(async () => { ${all} })();`;
  });
};

function filesOf(
  suites: Record<string, Suite>,
  extension: string,
  text: (name: string, suite: Suite) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(suites).map(([name, suite]) => [`${name}.${extension}`, text(name, suite)]));
}

const bin = (name: string, file: string): string => join(root, 'node_modules', name, file);
const runners = {
  jest: {
    files: jestFiles,
    suites: jestSuites,
    args: (format: Format) => [
      ...(format === 'module' ? ['--experimental-vm-modules'] : []),
      bin('jest', 'bin/jest.js'),
      '--watchman=false',
      '--cacheDirectory=cache',
      '--maxWorkers=2',
    ],
  },
  vitest: {
    files: vitestFiles,
    suites: vitestSuites,
    args: (format: Format) => [
      bin('vitest', 'vitest.mjs'),
      'run',
      '--maxWorkers=2',
      '--testTimeout=60000',
      `--pool=${format === 'module' ? 'forks' : 'threads'}`,
    ],
  },
};

describe.each(formats)('loaded as %s', (format) => {
  describe.each(Object.entries(runners))('under %s', (_runner, { files, suites, args }) => {
    let folder: string;
    beforeAll(async () => {
      const jest = { testTimeout: 60_000, ...(format === 'module' && { transform: {} }) };
      const manifest = JSON.stringify({ name: 'app', private: true, type: format, jest });
      folder = await makeApp({ 'package.json': manifest, ...files(format), ...(await exerciseFiles()) }, [
        'vitest',
        'jsdom',
      ]);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('a suite works with the real clock, whatever it has faked', async () => {
      const { stdout, stderr, code } = await run(process.execPath, args(format), { cwd: folder });
      expect(code, `${stdout}\n${stderr}`).toBe(0);
      expect(`${stdout}\n${stderr}`).not.toMatch(/did not exit|open handle|Force exiting/i);
      expect(await passedIn(folder)).toEqual(allOf(suites));
    });
  });

  test('a program works with the real clock, whatever Sinon has faked', async () => {
    const manifest = JSON.stringify({ name: 'app', private: true, type: format });
    const programs = { 'package.json': manifest, ...sinonFiles(format), ...(await exerciseFiles()) };
    const folder = await makeApp(programs, ['@sinonjs/fake-timers']);
    for (const name of Object.keys(sinonPrograms)) {
      // It ends by itself.
      expect(await run(process.execPath, [`${name}.js`], { cwd: folder })).toEqual({ stdout: '', stderr: '', code: 0 });
    }
    expect(await passedIn(folder)).toEqual(allOf(sinonPrograms));
    await rm(folder, { recursive: true });
  });
});

test('a start that fails since process.nextTick is faked says so', async () => {
  const program = `
    const FakeTimers = require('@sinonjs/fake-timers');
    const { writeSync } = require('node:fs');
    const { procxy } = require('procxy');
    const { Worker } = require('./worker.cjs');
    FakeTimers.install();
    procxy(Worker, './worker.cjs', { startTimeout: 500 }).catch((error) => writeSync(1, error.name + ': ' + error.message));`;
  const manifest = JSON.stringify({ name: 'app', private: true, type: 'commonjs' });
  const files = { 'package.json': manifest, 'main.js': program, ...(await exerciseFiles()) };
  const folder = await makeApp(files, ['@sinonjs/fake-timers']);
  const { stdout, stderr, code } = await run(process.execPath, ['main.js'], { cwd: folder });
  expect(stdout).toMatch(
    /^TimeoutError: .*`process\.nextTick` is faked, .* install\(\{ toNotFake: \['nextTick'\] \}\)\.$/,
  );
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  await rm(folder, { recursive: true });
});

async function exerciseFiles(): Promise<Record<string, string>> {
  const names = await readdir(fixtures);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(fixtures, name), 'utf8')] as const)),
  );
}

async function passedIn(folder: string): Promise<string[]> {
  return (await readFile(join(folder, 'passed.txt'), 'utf8')).trim().split('\n').toSorted();
}

function allOf(suites: Record<string, Suite>): string[] {
  return Object.keys(suites)
    .flatMap((name) => channels.map((channel) => `${name} ${channel}`))
    .toSorted();
}
