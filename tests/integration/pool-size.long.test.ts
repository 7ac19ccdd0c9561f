import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { procxyPool } from 'procxy';
import { Journal } from '../fixtures/journal.js';
import { isRunning, until } from '../support/processes.js';
import { useLog } from '../support/log-file.js';

const module = '../fixtures/journal.js';
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
const quick = { minDelay: 10, maxDelay: 20, onRestart: () => {} };

let log: string;
const logged = useLog((path) => (log = path));

describe('a pool that changes', () => {
  test.each([
    ['$recycle()', {}],
    ['their calls', { recycle: { calls: 50 } }],
    ['their age', { recycle: { age: 300 } }],
    ['their memory', { recycle: { rss: 1 } }],
  ])(
    'replaces instances by %s under load, and rejects nothing',
    async (name, options) => {
      await using pool = await procxyPool(Journal, module, { size: 2, ...options }, log);
      const before = await pool.$all.pid();
      const results = range(400).map((n) => pool.run(n, 8));
      if (name === '$recycle()') await pool.$recycle();
      expect(await Promise.all(results)).toEqual(range(400));
      await until(
        () => before.every((each) => each.status === 'fulfilled' && !isRunning(each.value)),
        'the old ones have gone',
      );
      expect(logged()).toHaveLength(400);
    },
    60_000,
  );

  test('grows while calls wait, shrinks while none arrive, and can be resized', async () => {
    await using pool = await procxyPool(Journal, module, { size: { min: 1, max: 3 }, idleTimeout: 200 }, log);
    const size = async (): Promise<number> => (await pool.$stats()).instances.length;
    expect(await size()).toBe(1);
    await Promise.all(range(40).map((n) => pool.run(n, 50)));
    expect(await size()).toBeGreaterThan(1);
    for (let left = 100; (await size()) > 1 && left > 0; left--) await sleep(50);
    expect(await size()).toBe(1);
    await pool.$resize(3);
    expect(await size()).toBe(3);
    await pool.$resize(1);
    expect(await size()).toBe(1);
  }, 60_000);

  test('counts the restarts of an instance once, also while it is replaced', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, restart: quick });
    process.kill(await pool.pid(), 'SIGKILL');
    while ((await pool.$stats()).restarts === 0) await sleep(20);
    const busy = pool.busy(1000);
    const recycled = pool.$recycle();
    const seen = new Set<number>();
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) seen.add((await pool.$stats()).restarts);
    })();
    await Promise.all([busy, recycled]);
    over.abort();
    await watching;
    expect([...seen]).toEqual([1]);
  });
});
