import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApp, root, run, type Outcome } from '../support/packed.js';

/** Jest gives every test file a realm of its own, with its own `Array`, `TypeError` and `globalThis`. */

const worker = `class Worker extends EventEmitter {
  constructor(start = 0) {
    super();
    this.start = start;
    this.probes = [];
  }
  add(amount) { return this.start + amount; }
  echo(value) { return value; }
  pid() { return process.pid; }
  fail() { throw Object.assign(new TypeError('broken', { cause: new RangeError('inner') }), { code: 'E_BROKEN' }); }
  count(to) { for (let i = 1; i <= to; i++) this.emit('counted', i, { to }); }
  sleep(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
  get total() { return this.probes.push('total'); }
  toJSON() { return this.probes.push('toJSON'); }
  asymmetricMatch() { return this.probes.push('asymmetricMatch'); }
  equals() { return this.probes.push('equals'); }
  probed() { return this.probes; }
}`;

const body = `
let worker;
beforeEach(async () => { worker = await procxy(Worker, './worker.js', {}, 40); });
afterEach(() => worker.$terminate());
const messageOf = (check) => {
  try { check(); } catch (error) { return error.message; }
};
const thrownBy = (promise) => promise.then(() => undefined, (error) => error);

test('finds the class from the class alone', async () => {
  const alone = await procxy(Worker, undefined, undefined, 30);
  expect(await alone.add(2)).toBe(32);
  await alone.$terminate();
});

test('finds the class by its path', async () => {
  expect(await worker.add(2)).toBe(42);
  expect(await worker.pid()).not.toBe(process.pid);
  expect(worker.start).toBe(40);
  expect(worker).toBeInstanceOf(Worker);
});

test('an error is an instance of the class that the test knows', async () => {
  const error = await thrownBy(worker.fail());
  expect(error instanceof TypeError && error instanceof Error).toBe(true);
  expect(error.cause instanceof RangeError).toBe(true);
  expect(error).toMatchObject({ name: 'TypeError', message: 'broken', code: 'E_BROKEN' });
  await expect(worker.fail()).rejects.toThrow(TypeError);
  await expect(worker.fail()).rejects.toThrow('broken');
  expect(await worker.echo([new SyntaxError('as a value')])).toEqual([new SyntaxError('as a value')]);
});

test('an error of the library is an instance of its class', async () => {
  const error = await thrownBy(worker.$with({ timeout: 20 }).sleep(10_000));
  expect(error instanceof TimeoutError && error instanceof Error).toBe(true);
  await expect(procxy(Worker, './worker.js', { timeOut: 1 })).rejects.toThrow(/did you mean .timeout/);
});

test('plain data arrives as it is, and what JSON cannot carry is refused', async () => {
  const data = { list: [1, 'two', { three: null }], nothing: [undefined], date: '2026-01-01' };
  expect(await worker.echo(data)).toStrictEqual(data);
  for (const value of [new Map(), new Set([1]), /x/, 1n, NaN, new Uint8Array(1), Buffer.from('x'), () => {}, new Promise(() => {})]) {
    expect(await thrownBy(worker.echo(value))).toBeInstanceOf(SerializationError);
  }
});

test('events arrive', async () => {
  const listener = jest.fn();
  worker.once('counted', listener).on('counted', listener);
  await worker.count(2);
  expect(listener.mock.calls).toEqual([[1, { to: 2 }], [1, { to: 2 }], [2, { to: 2 }]]);
});

test('matchers call nothing', async () => {
  const mock = jest.fn();
  mock(worker);
  expect(mock).toHaveBeenCalledWith(worker);
  expect(worker).toBeDefined();
  expect(worker).toEqual(worker);
  expect(worker).not.toEqual({ start: 40 });
  expect(worker).not.toStrictEqual({});
  expect(worker).toMatchObject({ start: 40 });
  expect(worker).toEqual(expect.objectContaining({ start: 40 }));
  expect(worker).toHaveProperty('start', 40);
  expect({ deep: [worker] }).toEqual({ deep: [expect.any(Worker)] });
  expect([worker]).toContainEqual(worker);
  expect(() => expect(worker).toBe(1)).toThrow(/Expected: .*1/);
  expect(await worker.probed()).toEqual([]);
  expect((await worker.$stats()).parent.pendingCalls).toBe(0);
});

test('a comparison with an emitter that fails shows both sides', async () => {
  const emitter = await procxy(EventEmitter, 'node:events');
  const message = messageOf(() => expect(emitter).toEqual({ some: 'other' }));
  await emitter.$terminate();
  expect(message).toMatch(/Expected.*Received/s);
});

describe('a spy on a method', () => {
  test('sees the calls, which run in the child', async () => {
    const spy = jest.spyOn(worker, 'add');
    expect(await worker.add(2)).toBe(42);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy).toHaveBeenCalledWith(2);
    await expect(spy.mock.results[0].value).resolves.toBe(42);
    expect(worker.start).toBe(40);
  });

  test('can replace the calls, and restores the method', async () => {
    const { add } = worker;
    const spy = jest.spyOn(worker, 'add').mockResolvedValue(7);
    expect(await worker.add(2)).toBe(7);
    expect(await worker.$with({ timeout: 5000 }).add(2)).toBe(42);
    spy.mockRestore();
    expect(worker.add).toBe(add);
    expect(await worker.add(2)).toBe(42);
    jest.spyOn(worker, 'add').mockResolvedValue(8);
    jest.restoreAllMocks();
    expect(worker.add).toBe(add);
    expect(await worker.add(2)).toBe(42);
  });
});

describe('an instance in the same process', () => {
  class Local {
    constructor(log) { this.log = log; }
    pid() { return process.pid; }
    reversed(list) { return list.reverse(); }
    later(ms) { return new Promise((resolve) => setTimeout(() => resolve('later'), ms)); }
  }
  let local;
  beforeEach(async () => { local = await procxy(Local, undefined, { inProcess: true }, []); });
  afterEach(() => local.$terminate());

  test('may be of a class of the test file, and gets copies', async () => {
    const list = [1, 2];
    expect(await local.reversed(list)).toEqual([2, 1]);
    expect(list).toEqual([1, 2]);
    expect(await local.pid()).toBe(process.pid);
    expect(local).toBeInstanceOf(Local);
  });

  test('can be spied on', async () => {
    const spy = jest.spyOn(local, 'pid').mockResolvedValue(1);
    expect(await local.pid()).toBe(1);
    spy.mockRestore();
    expect(await local.pid()).toBe(process.pid);
  });

  test('has the clock that the test has faked', async () => {
    jest.useFakeTimers();
    const later = local.later(3_600_000);
    await local.pid();
    jest.advanceTimersByTime(3_600_000);
    expect(await later).toBe('later');
    jest.useRealTimers();
  });
});

describe('with a fake clock', () => {
  beforeEach(() => { jest.useFakeTimers(); });
  afterEach(() => { jest.useRealTimers(); });

  test('calls go on, and are timed by the real one', async () => {
    jest.advanceTimersByTime(60_000);
    expect(await worker.add(2)).toBe(42);
    expect(await thrownBy(worker.$with({ timeout: 20 }).sleep(10_000))).toBeInstanceOf(TimeoutError);
  });

  test('a child that does not want to end is killed', async () => {
    const stubborn = await procxy(Stubborn, './others.js', { terminateTimeout: 100 });
    await stubborn.$terminate();
    expect(await stubborn.$exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
`;
const others = {
  Stubborn: `class Stubborn {
    constructor() {
      process.on('SIGTERM', () => {});
      setTimeout(() => process.exit(7), 10_000); // Where nobody kills it, Jest would wait for ever.
    }
  }`,
};

const titles = [...body.matchAll(/^ *test\('([^']+)'/gm)].map(([, title]) => title ?? '');
const names = 'procxy, SerializationError, TimeoutError';
const programs = {
  commonjs: {
    'worker.js': `const { EventEmitter } = require('node:events');\nexports.Worker = ${worker};`,
    'others.js': `exports.Stubborn = ${others.Stubborn};`,
    'all.test.js': `const { ${names} } = require('procxy');
      const { EventEmitter } = require('node:events');
      const { Worker } = require('./worker.js');
      const { Stubborn } = require('./others.js');
      ${body}`,
  },
  module: {
    'worker.js': `import { EventEmitter } from 'node:events';\nexport ${worker}`,
    'others.js': `export ${others.Stubborn}`,
    'all.test.js': `import { ${names} } from 'procxy';
      import { EventEmitter } from 'node:events';
      import { jest } from '@jest/globals';
      import { Worker } from './worker.js';
      import { Stubborn } from './others.js';
      ${body}`,
  },
} as const;

interface Report {
  numPassedTests: number;
  numTotalTests: number;
  testResults: { message: string; assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

/** Jest's own transformation stays on for CommonJS, so that the class here is not quite the text of its file. */
function manifest(type: keyof typeof programs): string {
  const transform = type === 'module' ? { transform: {} } : {};
  return JSON.stringify({ name: 'app', private: true, type, jest: { ...transform, testTimeout: 20_000 } });
}

describe.each([
  ['CommonJS', 'commonjs', []],
  ['ES modules', 'module', ['--experimental-vm-modules']],
] as const)('under jest, in %s', (_title, type, flags) => {
  let folder: string;
  let outcome: Outcome;
  let report: Report;

  beforeAll(async () => {
    folder = await makeApp({ 'package.json': manifest(type), ...programs[type] });
    const file = join(folder, 'report.json');
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const settings = [
      '--watchman=false',
      `--cacheDirectory=${join(folder, 'cache')}`,
      '--json',
      `--outputFile=${file}`,
    ];
    outcome = await run(process.execPath, [...flags, jest, '--rootDir', folder, ...settings], { cwd: folder });
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) throw new Error(`Jest wrote no report.\n${outcome.stdout}${outcome.stderr}`);
    report = JSON.parse(text) as Report;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(titles)('%s', (title) => {
    const result = report.testResults[0]?.assertionResults.find((candidate) => candidate.title === title);
    expect(result?.failureMessages ?? [report.testResults[0]?.message]).toEqual([]);
    expect(result?.status).toBe('passed');
  });

  test('it ends by itself and reports no failure', () => {
    expect(report).toMatchObject({ numTotalTests: titles.length, numPassedTests: titles.length });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).not.toMatch(/did not exit|open handle|Force exiting/i);
  });
});
