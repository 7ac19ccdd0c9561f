import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { procxyKeyed } from 'procxy';
import { Cart } from '../fixtures/cart.js';
import { seeded } from '../support/seeded.js';

const KEYS = 10_000;
const CALLS = 25_000;

test(`${KEYS} keys, 50 in a child, that idle and come back: order per key holds, and restore and save come in pairs`, async () => {
  const saved = new Map<string, string[]>();
  const uses = new Map<string, string[]>();
  const note = (key: string, use: string): void => void uses.set(key, [...(uses.get(key) ?? []), use]);
  let most = 0;
  await using carts = procxyKeyed(Cart, '../fixtures/cart.js', {
    perChild: 50,
    maxInstances: 1000,
    maxQueue: CALLS,
    idleTimeout: 500,
    execArgv: [],
    restore: (key: string) => {
      note(key, 'restore');
      return saved.get(key) ?? [];
    },
    save: async (cart, key) => {
      const items = await cart.save();
      note(key, 'save');
      saved.set(key, items);
    },
  });
  const random = seeded(7);
  const made = new Map<string, number>();
  const pending: Promise<void>[] = [];
  const add = (key: string): void => {
    const count = made.get(key) ?? 0;
    made.set(key, count + 1);
    const added = carts.get(key).add(`${count}`);
    pending.push(added.then((size) => expect(size).toBe(count + 1)));
  };
  for (let n = 0; n < KEYS; n++) add(`key ${n}`);
  for (let n = KEYS; n < CALLS; n++) {
    add(`key ${Math.floor(random() * KEYS)}`);
    if (n % 500 === 0) {
      await sleep(random() * 100);
      const { instances } = await carts.$stats();
      most = Math.max(most, new Set(instances.map(({ pid }) => pid).filter((pid) => pid !== undefined)).size);
    }
  }
  await Promise.all(pending);
  // On a slow machine, the calls so far have waited for the first instance of their key.
  const open = async (): Promise<number> => (await carts.$stats()).instances.length;
  await expect.poll(open, { timeout: 60_000 }).toBe(0);
  for (let n = 0; n < 100; n++) add(`key ${n}`);
  await Promise.all(pending);
  await carts.$drain();
  expect(made.size).toBe(KEYS);
  expect(most).toBeGreaterThan(1);
  for (const [key, count] of made) {
    expect(saved.get(key)).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
    const seen = uses.get(key) ?? [];
    expect(seen).toEqual(seen.map((_, index) => (index % 2 === 0 ? 'restore' : 'save')));
    expect(seen.length % 2).toBe(0);
  }
  const lives = [...uses.values()].reduce((sum, { length }) => sum + length / 2, 0);
  expect(lives).toBeGreaterThanOrEqual(KEYS + 100);
}, 600_000);
