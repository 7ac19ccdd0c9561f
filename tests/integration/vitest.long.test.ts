import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApp, root, run } from '../support/packed.js';

/** A project of its own under Vitest, in each of its pools. */

const worker = `
  export class Worker {
    constructor(start) { this.start = start; }
    add(amount) { return this.start + amount; }
    pid() { return process.pid; }
    fail() { throw new RangeError('failed'); }
    later(ms) { return new Promise((resolve) => setTimeout(() => resolve('later'), ms)); }
  }`;

const suite = `
  import { procxy, TimeoutError } from 'procxy';
  import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
  import { Worker } from './worker.js';

  describe.each([['in a child', {}], ['in the same process', { inProcess: true }]])('an instance %s', (_where, options) => {
    let worker;
    beforeEach(async () => { worker = await procxy(Worker, './worker.js', options, 40); });
    afterEach(async () => {
      vi.useRealTimers();
      vi.restoreAllMocks();
      await worker.$terminate();
    });

    test('runs where it is to run', async () => {
      expect(await worker.add(2)).toBe(42);
      expect((await worker.pid()) === process.pid).toBe(options.inProcess === true);
      expect(worker).toBeInstanceOf(Worker);
      await expect(worker.fail()).rejects.toThrow(RangeError);
    });

    test('can be spied on, and the method is restored', async () => {
      const { add } = worker;
      const spy = vi.spyOn(worker, 'add');
      expect(await worker.add(2)).toBe(42);
      expect(spy).toHaveBeenCalledExactlyOnceWith(2);
      spy.mockResolvedValue(7);
      expect(await worker.add(2)).toBe(7);
      spy.mockRestore();
      expect(worker.add).toBe(add);
      expect(await worker.add(2)).toBe(42);
    });

    test('goes on while the clock is faked', async () => {
      vi.useFakeTimers();
      expect(await worker.add(2)).toBe(42);
      vi.advanceTimersByTime(60_000);
      await expect(worker.$with({ timeout: 20 }).later(10_000)).rejects.toThrow(TimeoutError);
    });
  });

  test('an instance in the same process has the clock that the test has faked', async () => {
    vi.useFakeTimers();
    const worker = await procxy(Worker, undefined, { inProcess: true }, 0);
    const later = worker.later(3_600_000);
    await worker.add(1);
    vi.advanceTimersByTime(3_600_000);
    expect(await later).toBe('later');
    vi.useRealTimers();
    await worker.$terminate();
  });
`;

let folder: string;
beforeAll(async () => {
  const files = { 'package.json': '{ "name": "app", "type": "module" }', 'worker.js': worker, 'suite.test.js': suite };
  folder = await makeApp(files, ['vitest']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['forks', 'threads', 'vmForks', 'vmThreads'])('a project works in the pool %s', async (pool) => {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--root', folder, '--pool', pool, '--reporter', 'json'];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder });
  const start = stdout.indexOf('{"numTotal');
  expect(start, stdout + stderr).toBeGreaterThanOrEqual(0);
  expect(JSON.parse(stdout.slice(start))).toMatchObject({ numTotalTests: 7, numPassedTests: 7 });
  expect(code).toBe(0);
});
