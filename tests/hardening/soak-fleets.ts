import { setTimeout as sleep } from 'node:timers/promises';
import { procxyKeyed, procxyPool, type ChildCrashedError, type PoolProxy, type ProcxyKeyed } from 'procxy';
import { Cart } from '../fixtures/cart.js';
import { Soaking } from '../fixtures/soaking.js';

const fixture = (name: string): URL => new URL(`../fixtures/${name}.js`, import.meta.url);
const KEYS = 6;
const INSTANCES = 3;
/** ms. Shorter than the pauses in which it is looked at what is held. */
const IDLE = 50;
/** A child is killed once in as many rounds. */
const ROUNDS_A_KILL = 10;

/** What an instance says that it holds. */
export interface InstanceHeld {
  heap: number;
  descriptors: number;
}

/** A pool whose instances are killed and recycled, and instances by key that come and go, used for long. */
export class SoakedFleets {
  readonly #pool: PoolProxy<Soaking, { enableCallbacks: true }>;
  readonly #carts: ProcxyKeyed<Cart>;
  #rounds = 0;

  private constructor(pool: PoolProxy<Soaking, { enableCallbacks: true }>, carts: ProcxyKeyed<Cart>) {
    this.#pool = pool;
    this.#carts = carts;
  }

  static async start(): Promise<SoakedFleets> {
    const restart = { maxRestarts: 1e9, minDelay: 1, maxDelay: 20, onRestart: () => {} };
    const options = { size: 2, enableCallbacks: true, recycle: { calls: 5000 }, restart, execArgv: [] } as const;
    const pool = await procxyPool(Soaking, fixture('soaking'), options, 'x');
    const saved = new Map<string, string[]>();
    const carts = procxyKeyed(Cart, fixture('cart'), {
      maxInstances: INSTANCES,
      perChild: 2,
      idleTimeout: IDLE,
      execArgv: [],
      restore: (key) => saved.get(key) ?? [],
      save: async (cart, key) => void saved.set(key, (await cart.save()).slice(-5)),
    });
    return new SoakedFleets(pool, carts);
  }

  async round(): Promise<void> {
    const pool = this.#pool;
    const calls: Promise<unknown>[] = Array.from({ length: 100 }, (_, n) => pool.echo({ n }));
    const key = pool.$with({ key: 'some key' });
    calls.push(...Array.from({ length: 10 }, (_, n) => key.map([n], (item: number) => item)));
    calls.push(pool.$all.round());
    calls.push(
      pool.$use(async (instance) => {
        const seen: number[] = [];
        for await (const item of instance.count(1e9)) if (seen.push(item) > 100) break;
      }),
    );
    for (let n = 0; n < 10; n++) {
      const controller = new AbortController();
      calls.push(pool.$with({ signal: controller.signal }).echo(n));
      if (n % 2 === 0) controller.abort(new Error('no longer needed'));
    }
    for (let n = 0; n < 12; n++) calls.push(this.#carts.get(`key ${n % KEYS}`).add(`item ${n}`));
    const settled = Promise.allSettled(calls);
    if (++this.#rounds % ROUNDS_A_KILL === 0) await this.#kill();
    for (const result of await settled) {
      if (result.status === 'fulfilled') continue;
      const { name, message, ran } = result.reason as ChildCrashedError;
      // A kill may be noticed in the next round.
      const isExpected = message === 'no longer needed' || (name === 'ChildCrashedError' && ran);
      if (!isExpected) throw result.reason;
    }
  }

  /** Waits until nothing runs, no key has an instance, and the pool is whole, and tells what its instances hold. */
  async quiet(): Promise<InstanceHeld[]> {
    for (let attempt = 0; attempt < 600; attempt++) {
      const { instances: keys } = await this.#carts.$stats();
      const { waiting, running, instances } = await this.#pool.$stats();
      const isWhole = instances.length === 2 && instances.every(({ state }) => state === 'up');
      if (isWhole && waiting + running + keys.length === 0) {
        const held = await this.#pool.$all.held();
        return held.map((each) => (each as PromiseFulfilledResult<InstanceHeld>).value);
      }
      await sleep(50);
    }
    throw new Error('The pool or the keys never become quiet.');
  }

  async end(): Promise<void> {
    await Promise.all([this.#pool.$drain(), this.#carts.$drain()]);
  }

  async #kill(): Promise<void> {
    const { instances: ofPool } = await this.#pool.$stats();
    const { instances: ofKeys } = await this.#carts.$stats();
    for (const [victim] of [ofPool, ofKeys]) if (victim?.pid) process.kill(victim.pid, 'SIGKILL');
  }
}
