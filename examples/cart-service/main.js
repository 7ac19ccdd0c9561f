/**
 * Shopping carts by customer, over one SQLite file. Their processes are killed at random while customers shop, and no item is lost
 * that was acknowledged. It needs `node:sqlite`, which Node has since version 22.13.
 *
 *     node examples/cart-service/main.js          40 customers buy 30 items each
 *     node examples/cart-service/main.js 200      200 items each
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildCrashedError, procxyKeyed } from 'procxy';
import { printTable } from '../table.js';
import { Cart } from './cart.js';
import { openDatabase } from './database.js';

const CUSTOMERS = 40;
const ITEMS = Number(process.argv[2] ?? 30);
/** ms from one kill to the next, at most. */
const KILL_EVERY = 600;

const folder = mkdtempSync(join(tmpdir(), 'procxy-carts-'));
const file = join(folder, 'carts.db');
const database = openDatabase(file);
const itemsOf = database.prepare('SELECT id, name FROM items WHERE customer = ? ORDER BY id');

const carts = procxyKeyed(Cart, './cart.js', {
  // Fewer than customers, so that carts go and come back.
  maxInstances: 30,
  perChild: 5,
  env: { CARTS_FILE: file },
  execArgv: ['--disable-warning=ExperimentalWarning'],
  restore: (customer) => itemsOf.all(customer).map(({ id, name }) => ({ id: String(id), name: String(name) })),
  // Each method writes what it changes: there is nothing to save.
});

const acknowledged = new Set();
let crashes = 0;
let hadRun = 0;
let kills = 0;
const shopping = new AbortController();
const killing = killChildren(shopping.signal);
await Promise.all(Array.from({ length: CUSTOMERS }, (_, n) => shop(`customer-${n}`)));
shopping.abort();
await killing;
await carts.$drain();

const written = new Set(
  database
    .prepare('SELECT id FROM items')
    .all()
    .map(({ id }) => id),
);
const lost = [...acknowledged].filter((id) => !written.has(id)).length;
database.close();
rmSync(folder, { recursive: true });
printTable([
  ['children killed', String(kills)],
  ['calls that a crash has rejected', String(crashes)],
  ['of them, calls that had run', String(hadRun)],
  ['items acknowledged', String(acknowledged.size)],
  ['items in the file', String(written.size)],
  ['items lost', String(lost)],
]);
if (lost > 0 || written.size !== CUSTOMERS * ITEMS) process.exitCode = 1;

/** Puts one item after the other into a cart. @param {string} customer */
async function shop(customer) {
  for (let n = 0; n < ITEMS; n++) {
    const item = { id: `${customer}/${n}`, name: `item ${n}` };
    const size = await add(customer, item);
    if (size !== n + 1) throw new Error(`The cart of ${customer} has ${size} items after ${n + 1} were added.`);
    acknowledged.add(item.id);
  }
}

/**
 * Adds an item, again where a crash leaves it open whether it was added.
 *
 * @param {string} customer
 * @param {import('./cart.js').Item} item
 */
async function add(customer, item) {
  for (let attempt = 0; ; attempt++) {
    try {
      const { size, wasThere } = await carts.get(customer).add(item);
      if (attempt > 0 && wasThere) hadRun++;
      return size;
    } catch (error) {
      if (!(error instanceof ChildCrashedError)) throw error;
      crashes++;
    }
  }
}

/** @param {AbortSignal} until */
async function killChildren(until) {
  while (!until.aborted) {
    await sleep(Math.random() * KILL_EVERY);
    const { instances } = await carts.$stats();
    const { pid } = instances[Math.floor(Math.random() * instances.length)] ?? {};
    try {
      if (pid && process.kill(pid, 'SIGKILL')) kills++;
    } catch {
      // It has just ended by itself.
    }
  }
}
