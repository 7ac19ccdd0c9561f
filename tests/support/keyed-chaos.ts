import { procxyKeyed } from 'procxy';
import { Cart } from '../fixtures/cart.js';
import { ChaosAccount, type ChaosReport } from './chaos-account.js';
import { PORTION, type ChaosOptions } from './pool-chaos.js';

export interface KeyedChaosReport extends ChaosReport {
  /** Calls that ran after a later one of their key. */
  outOfOrder: string[];
  /** Keys for which two instances lived at a time, or whose states were not restored and saved in turn. */
  unpaired: string[];
  /** How many instances were saved because they made room for others, or at the end. */
  saves: number;
  /** How many calls were made. */
  made: number;
}

const KEYS = 40;
const INSTANCES = 6;

/**
 * Makes calls by key, with fewer instances than keys, while children are killed at random. It makes more calls than `calls` if fewer
 * than `kills` children were killed by then.
 */
export async function keyedChaos({
  calls,
  log,
  random,
  killEvery,
  perChild = 1,
  kills = 0,
}: ChaosOptions & { perChild?: number; kills?: number }): Promise<KeyedChaosReport> {
  const saved = new Map<string, string[]>();
  /** Keys that were restored, and not saved since. */
  const restored = new Set<string>();
  const unpaired: string[] = [];
  let saves = 0;
  const carts = procxyKeyed(Cart, new URL('../fixtures/cart.js', import.meta.url), {
    maxInstances: INSTANCES,
    perChild,
    maxQueue: 1_000_000,
    execArgv: [],
    stdio: 'ignore',
    env: { CART_LOG: log },
    restore(key) {
      // After a crash it comes without a save.
      restored.add(key);
      return saved.get(key) ?? [];
    },
    async save(cart, key) {
      const items = await cart.save();
      if (!restored.delete(key)) unpaired.push(key);
      saves++;
      saved.set(key, items);
    },
  });
  const account = new ChaosAccount();
  const over = new AbortController();
  const victims = async (): Promise<(number | undefined)[]> => {
    const { instances } = await carts.$stats();
    for (const [index, { key }] of instances.entries()) {
      if (instances.findIndex((each) => each.key === key) !== index) unpaired.push(key);
    }
    return instances.filter(({ state }) => state === 'up').map(({ pid }) => pid);
  };
  const killing = account.killUntil(over.signal, victims, random, killEvery);
  let made = 0;
  for (; made < calls || account.report.kills < kills; made += PORTION) {
    // Some keys at a time, so that instances are kept for a while.
    const keys = Array.from({ length: INSTANCES * 2 }, () => Math.floor(random() * KEYS));
    const portion = Array.from({ length: PORTION }, (_, n) => {
      const key = `key-${keys[Math.floor(random() * keys.length)]}`;
      return account.note(`${key} ${made + n}`, carts.get(key).add(`${made + n}`));
    });
    await Promise.all(portion);
  }
  over.abort();
  await killing;
  await carts.$drain();
  const latest = new Map<string, number>();
  const outOfOrder: string[] = [];
  for (const line of account.compare(log)) {
    const [key = '', number] = line.split(' ');
    if (Number(number) < (latest.get(key) ?? -1)) outOfOrder.push(line);
    latest.set(key, Number(number));
  }
  return { ...account.report, outOfOrder, unpaired, saves, made };
}
