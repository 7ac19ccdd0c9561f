import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { procxyKeyed, procxyPool, type PoolOptions, type PoolProxy, type ProcxyKeyed } from 'procxy';
import { Cart } from '../fixtures/cart.js';
import { Journal } from '../fixtures/journal.js';
import { isRunning, leftOpen, until } from '../support/processes.js';

const module = '../fixtures/journal.js';
const cartModule = '../fixtures/cart.js';
const quick = { minDelay: 10, maxDelay: 20, maxRestarts: 1000, onRestart: () => {} };
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );

type JournalPool = PoolProxy<Journal>;
type Carts = ProcxyKeyed<Cart>;

const isGone = ({ pid }: { pid: number | undefined }): boolean => pid === undefined || !isRunning(pid);

/** Kills an instance, and waits until the pool knows it. */
async function killOne(pool: JournalPool): Promise<void> {
  const [victim] = (await pool.$stats()).instances;
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  while ((await pool.$stats()).instances.some(({ pid, state }) => pid === victim?.pid && state === 'up'));
}

describe('$drain() of a pool', () => {
  test.each([
    ['while all is well', async () => {}],
    ['during a recycling', (pool: JournalPool) => void pool.$recycle()],
    ['after a crash', killOne],
  ])(
    'finishes calls that wait in each way, %s',
    async (_name, disturb) => {
      const pool = await procxyPool(Journal, module, { size: 2, restart: quick });
      await disturb(pool);
      const calls = range(50).map((n) => pool.run(n, 2));
      const ofKey = range(10).map((n) => pool.$with({ key: 'k' }).run(`k ${n}`, 2));
      const used = pool.$use(async (journal) => [await journal.run('used', 2), await journal.run('used again', 2)]);
      const numbers = pool.numbers(3);
      const onAll = pool.$all.run('all', 2);
      const drained = pool.$drain();
      expect(await outcome(pool.run('late'))).toMatchObject({ name: 'PoolClosedError', ran: 'no' });
      const seen: number[] = [];
      for await (const n of numbers) seen.push(n);
      await drained;
      expect(seen).toEqual([0, 1, 2]);
      expect(await Promise.all(calls)).toEqual(range(50));
      expect(await Promise.all(ofKey)).toEqual(range(10).map((n) => `k ${n}`));
      expect(await used).toEqual(['used', 'used again']);
      for (const each of await onAll) expect(each).toMatchObject({ status: 'fulfilled', value: 'all' });
      const { state, instances } = await pool.$stats();
      expect(state).toBe('closed');
      expect(instances.every(isGone)).toBe(true);
    },
    60_000,
  );
});

describe('after $terminate() nothing is left', () => {
  let before: number[];
  let controller: AbortController;

  // What is made once, as the shell that ends children whose parent is gone.
  beforeAll(async () => {
    const pool = await procxyPool(Journal, module, { size: 1 });
    await pool.$terminate();
  });

  beforeEach(() => {
    before = leftOpen();
    controller = new AbortController();
  });

  /** No process, descriptor, timer or listener, of this process or of the signal. */
  afterEach(async () => {
    await until(() => leftOpen().every((count, index) => count <= (before[index] ?? 0)), 'nothing is left');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  let isCrashing = false;
  const crash = (journal: { exit(code: number): unknown }): unknown => isCrashing && journal.exit(1);

  test.each<[string, PoolOptions, (pool: JournalPool) => unknown]>([
    ['calls run and wait', { queueTimeout: 60_000 }, () => {}],
    ['a crash loop', { setup: crash as never }, (pool) => ((isCrashing = true), killOne(pool).then(() => sleep(200)))],
    ['a long delay of a restart', { restart: { minDelay: 60_000, maxDelay: 60_000 } }, killOne],
    ['$recycle()', {}, (pool) => void pool.$recycle()],
    ['$recycle(), some time later', {}, (pool) => (void pool.$recycle(), sleep(40))],
    ['a recycling by age', { recycle: { age: 50 } }, () => sleep(80)],
    ['a start by $resize()', {}, (pool) => void outcome(pool.$resize(4))],
    ['a growth', { size: { min: 1, max: 3 }, idleTimeout: 60_000 }, () => sleep(20)],
    ['$drain()', {}, (pool) => void pool.$drain()],
    ['$use()', {}, (pool) => void outcome(pool.$use((journal) => journal.run('used', 60_000)))],
    ['$room()', { maxQueue: 4 }, (pool) => void outcome(pool.$room())],
    ['an iterator', { concurrency: 8 }, async (pool) => void (await pool.numbers(5))],
  ])(
    'when it is called during %s',
    async (_name, options, disturb) => {
      isCrashing = false;
      const { signal } = controller;
      const pool = await procxyPool(Journal, module, { size: 2, restart: quick, signal, ...options });
      const open = range(6).map((n) => outcome(pool.run(n, 60_000)));
      await disturb(pool);
      await pool.$terminate();
      for (const each of await Promise.all(open)) expect(each).toMatchObject({ ran: /no|maybe/ });
      expect((await pool.$stats()).instances.every(isGone)).toBe(true);
    },
    60_000,
  );

  test.each([0, 10, 40, 100])('when the signal aborts %i ms after procxyPool()', async (delay) => {
    const starting = outcome(procxyPool(Journal, module, { size: 3, signal: controller.signal }, undefined, 500));
    await sleep(delay);
    controller.abort(new Error('no longer needed'));
    expect(await starting).toMatchObject({ message: 'no longer needed' });
  });

  const pidOf = (carts: Carts): Promise<number> => carts.get('a').pid();

  test.each<[string, object, (carts: Carts) => unknown]>([
    ['calls run and wait', { maxInstances: 1 }, async (carts) => void (await pidOf(carts))],
    ['a start', {}, () => sleep(20)],
    ['restore()', { restore: () => sleep(200) }, () => sleep(20)],
    [
      'save()',
      { idleTimeout: 20, save: () => sleep(500) },
      async (carts) => (await carts.get('c').add('x'), sleep(100)),
    ],
    ['idling', {}, async (carts) => void (await carts.get('c').add('x'))],
    ['a crash', {}, async (carts) => process.kill(await pidOf(carts), 'SIGKILL')],
    ['$drain()', {}, (carts) => void carts.$drain()],
  ])(
    'when instances by key are terminated during %s',
    async (_name, options, disturb) => {
      const carts: Carts = procxyKeyed(Cart, cartModule, { signal: controller.signal, ...options } as never);
      const open = ['a', 'b'].map((key) => outcome(carts.get(key).add('item', 60_000)));
      await disturb(carts);
      const { instances } = await carts.$stats();
      await carts.$terminate();
      for (const each of await Promise.all(open)) expect(each).toMatchObject({ ran: /no|maybe/ });
      expect(instances.every(isGone)).toBe(true);
    },
    60_000,
  );
});
