import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OptionsValidationError, PoolClosedError, procxyKeyed, QueueFullError, TerminatedError } from 'procxy';
import { Cart } from '../fixtures/cart.js';
import { Newsroom } from '../fixtures/newsroom.js';
import { isRunning, killed, until } from '../support/processes.js';
import { seeded } from '../support/seeded.js';
import { useLog } from '../support/log-file.js';

const module = '../fixtures/cart.js';
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );

let log: string;
const logged = useLog((path) => (log = path));

/** A store that knows how it was used. */
class Store {
  readonly saved = new Map<string, string[]>();
  /** Of each key, `restore` and `save` in their order. */
  readonly uses = new Map<string, string[]>();
  refused = false;

  restore = (key: string): string[] => {
    this.#note(key, 'restore');
    return this.saved.get(key) ?? [];
  };

  save = async (cart: { save(): Promise<string[]> }, key: string): Promise<void> => {
    if (this.refused) throw new Error(`the disk is full for ${key}`);
    const items = await cart.save();
    this.#note(key, 'save');
    this.saved.set(key, items);
  };

  #note(key: string, use: string): void {
    this.uses.set(key, [...(this.uses.get(key) ?? []), use]);
  }
}

describe('procxyKeyed()', () => {
  test.each([1, 2])(
    'starts again once `cwd` is back, however often it was not there (`perChild`: %i)',
    async (perChild) => {
      const cwd = join(dirname(log), 'release');
      mkdirSync(cwd);
      await using carts = procxyKeyed(Cart, module, { cwd, perChild, maxInstances: 1000 });
      rmSync(cwd, { recursive: true });
      for (const n of range(3 * availableParallelism())) {
        expect(await outcome(carts.get(`early ${n}`).add('tea'))).toBeInstanceOf(OptionsValidationError);
      }
      mkdirSync(cwd);
      expect(await carts.get('ada').add('tea')).toBe(1);
    },
  );

  test('makes the instance of a key when it is first called, and keeps it', async () => {
    await using carts = procxyKeyed(Cart, module, { maxInstances: 3 });
    expect((await carts.$stats()).instances).toEqual([]);
    const ada = carts.get('ada');
    expect(await ada.add('tea')).toBe(1);
    expect(await carts.get('ada').add('milk')).toBe(2);
    expect(await carts.get('grace').add('nuts')).toBe(1);
    expect(await ada.pid()).not.toBe(await carts.get('grace').pid());
    expect(await ada.itself()).toBe(ada);
    expect((await carts.$stats()).instances.map(({ key, calls }) => [key, calls])).toEqual([
      ['ada', 4],
      ['grace', 2],
    ]);
  });

  test('keeps the order of the calls of a key without a wait between them, and delivers its events', async () => {
    await using carts = procxyKeyed(Cart, module, { env: { CART_LOG: log } });
    const cart = carts.get('ada');
    const seen: unknown[] = [];
    cart.on('added', (item) => seen.push(item));
    // None of them ends within the test: if one waited for another, it would never begin.
    const calls = range(10).map((n) => outcome(cart.add(`${n}`, 600_000)));
    await until(() => seen.length === 10, 'the beginning of all calls');
    expect(logged()).toEqual(range(10).map((n) => `ada ${n}`));
    expect(seen).toEqual(range(10).map(String));
    await carts.$terminate();
    for (const end of await Promise.all(calls)) expect(end).toBeInstanceOf(TerminatedError);
  });

  test('saves an idle instance, ends it, and restores it with the next call', async () => {
    const store = new Store();
    await using carts = procxyKeyed(Cart, module, { idleTimeout: 100, restore: store.restore, save: store.save });
    const cart = carts.get('ada');
    const seen: unknown[] = [];
    cart.on('added', (item) => seen.push(item));
    await cart.add('tea');
    const pid = await cart.pid();
    await until(() => !isRunning(pid), 'the end of the instance');
    expect(store.saved.get('ada')).toEqual(['tea']);
    expect(await cart.add('milk')).toBe(2);
    expect(await cart.pid()).not.toBe(pid);
    expect(seen).toEqual(['tea', 'milk']);
    await carts.$drain();
    expect(store.uses.get('ada')).toEqual(['restore', 'save', 'restore', 'save']);
    expect(store.saved.get('ada')).toEqual(['tea', 'milk']);
  });

  test('ends the instance that has been idle for longest to make room, and lets calls wait if none is idle', async () => {
    const store = new Store();
    const options = { maxInstances: 2, maxQueue: 1, restore: store.restore, save: store.save };
    await using carts = procxyKeyed(Cart, module, options);
    await carts.get('a').add('1');
    await carts.get('b').add('1');
    await carts.get('c').add('1');
    expect([...store.saved.keys()]).toEqual(['a']);
    const busy = [carts.get('b').add('2', 500), carts.get('c').add('2', 500)];
    const waiting = carts.get('a').add('2');
    const error = await outcome(carts.get('d').add('1'));
    expect(error).toBeInstanceOf(QueueFullError);
    expect(await waiting).toBe(2);
    expect(await Promise.all(busy)).toEqual([2, 2]);
  });

  test('rejects the calls that a dead instance was given, and makes another for the next call', async () => {
    const store = new Store();
    const options = { restore: store.restore, save: store.save };
    await using carts = procxyKeyed(Cart, module, options);
    const pid = await carts.get('a').pid();
    const other = await carts.get('b').pid();
    const open = outcome(carts.get('a').add('lost', 60_000));
    await sleep(100);
    process.kill(pid, 'SIGKILL');
    expect(await open).toMatchObject({
      name: 'ChildCrashedError',
      ran: 'maybe',
      message: /The next call makes a new one/,
    });
    expect(await carts.get('a').add('kept')).toBe(1);
    expect(await carts.get('b').pid()).toBe(other);
  });

  test('says that a reference to a dead instance must be got again', async () => {
    await using rooms = procxyKeyed(Newsroom, '../fixtures/newsroom.js', { enableReferences: true });
    const desk = await rooms.get('a').desk('sports');
    await outcome(rooms.get('a').exit());
    expect(await outcome(desk.fire('goal'))).toMatchObject({
      name: 'ChildCrashedError',
      ran: 'no',
      message: /This reference to Desk belongs to the child that ended\. Get the object again by a call of the key/,
    });
    expect(await (await rooms.get('a').desk('sports')).fire('goal')).toBe(false);
  });

  test('rejects the calls of a key whose instance cannot be made or restored, and of no other', async () => {
    const restore = (key: string): string[] => {
      if (key === 'torn') throw new Error('not readable');
      return [];
    };
    await using carts = procxyKeyed(Cart, module, { restore });
    const calls = ['bad', 'torn', 'good'].map((key) => outcome(carts.get(key).add('x')));
    expect(await Promise.all(calls)).toMatchObject([{ name: 'RangeError' }, { message: 'not readable' }, 1]);
  });

  test('keeps an instance that cannot be saved, and $drain() names it', async () => {
    const store = new Store();
    store.refused = true;
    const warnings: { code?: string }[] = [];
    const listen = (warning: object): unknown => warnings.push(warning);
    process.on('warning', listen);
    const carts = procxyKeyed(Cart, module, { idleTimeout: 100, restore: store.restore, save: store.save });
    await carts.get('ada').add('tea');
    const pid = await carts.get('ada').pid();
    await until(() => warnings.length > 0, 'the warning');
    process.off('warning', listen);
    expect(warnings[0]?.code).toBe('PROCXY_SAVE_FAILED');
    expect(isRunning(pid)).toBe(true);
    const error = (await outcome(carts.$drain())) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toContain("'ada'");
    expect(error.errors).toMatchObject([{ message: 'the disk is full for ada' }]);
    expect(await carts.get('ada').add('milk')).toBe(2);
    store.refused = false;
    await carts.$drain();
    expect(store.saved.get('ada')).toEqual(['tea', 'milk']);
    expect(isRunning(pid)).toBe(false);
  });

  test('says what is lost when a child ends while it is saved', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', listen);
    const save = async (cart: { pid(): Promise<number>; save(): unknown }): Promise<void> => {
      process.kill(await cart.pid(), 'SIGKILL');
      await cart.save();
    };
    await using carts = procxyKeyed(Cart, module, { idleTimeout: 50, save });
    await carts.get('ada').add('tea');
    await until(() => warnings.length > 0, 'the warning');
    process.off('warning', listen);
    expect(warnings[0]?.message).toMatch(
      /^The instance of the key 'ada' could not be saved, and has ended: .* is lost\./,
    );
    expect(await carts.get('ada').add('milk')).toBe(1);
  });

  test('says what each process uses, and asks it once', async () => {
    await using carts = procxyKeyed(Cart, module, { perChild: 2 });
    await Promise.all(['a', 'b', 'c'].map((key) => carts.get(key).add('x')));
    const { instances } = await carts.$stats();
    expect(instances.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
    for (const { rss = 0, cpu = 0, utilization } of instances) {
      expect(rss).toBeGreaterThan(10e6);
      expect(cpu).toBeGreaterThan(0);
      expect(utilization).toBeLessThanOrEqual(1);
    }
    expect(instances[0]?.rss).toBe(instances[1]?.rss);
  });

  test('publishes that a key has a new instance after a crash', async () => {
    const seen: { key?: string; pid?: number; reason?: string; error?: Error; className?: string }[] = [];
    const listen = (message: unknown): void => void seen.push(message as (typeof seen)[0]);
    subscribe('procxy:restart', listen);
    await using carts = procxyKeyed(Cart, module, { idleTimeout: 60_000 });
    const pid = await carts.get('a').pid();
    await carts.get('b').pid();
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid), 'the crash');
    await sleep(200);
    const next = await carts.get('a').pid();
    unsubscribe('procxy:restart', listen);
    expect(seen).toMatchObject([{ className: 'Cart', key: 'a', pid: next, reason: 'crash', error: killed.error }]);
  });

  test('starts few children at a time, and each key gets its instance', async () => {
    await using carts = procxyKeyed(Cart, module, { maxInstances: 30, startTimeout: 20_000 });
    const pids = await Promise.all(range(30).map((n) => carts.get(`${n}`).pid()));
    expect(new Set(pids).size).toBe(30);
  });

  test('ends all without saving by $terminate()', async () => {
    const store = new Store();
    const carts = procxyKeyed(Cart, module, { maxInstances: 1, restore: store.restore, save: store.save });
    const running = outcome(carts.get('a').add('1', 60_000));
    const waiting = outcome(carts.get('b').add('1'));
    while ((await carts.$stats()).running === 0) await sleep(20);
    const pid = (await carts.$stats()).instances[0]?.pid ?? 0;
    await carts.$terminate();
    expect(await running).toMatchObject({ name: 'TerminatedError', ran: 'maybe' });
    expect(await waiting).toBeInstanceOf(PoolClosedError);
    expect(await outcome(carts.get('a').add('2'))).toMatchObject({ name: 'PoolClosedError', ran: 'no' });
    expect(store.saved.size).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  test('checks its arguments', () => {
    expect(() => procxyKeyed(Cart, module, { restart: true } as never)).toThrow(OptionsValidationError);
    expect(() => procxyKeyed(Cart, module, { maxInstance: 5 } as never)).toThrow(/maxInstances/);
    expect(() => procxyKeyed(Cart, module, { maxInstances: 5 }).get(5 as never)).toThrow(/get\(\) takes a key/);
  });

  test('keeps order and state of 30 keys in 4 instances that come and go', async () => {
    const store = new Store();
    const random = seeded(42);
    const options = { maxInstances: 4, idleTimeout: 50, restore: store.restore, save: store.save, execArgv: [] };
    const carts = procxyKeyed(Cart, module, options);
    const made = new Map<string, number>();
    const calls: Promise<number>[] = [];
    for (let n = 0; n < 300; n++) {
      const key = `key ${Math.floor(random() * 30)}`;
      const count = made.get(key) ?? 0;
      made.set(key, count + 1);
      calls.push(
        carts
          .get(key)
          .add(`${count}`)
          .then((size) => (expect(size).toBe(count + 1), size)),
      );
      if (random() < 0.1) await sleep(random() * 30);
    }
    await Promise.all(calls);
    await carts.$drain();
    for (const [key, count] of made) {
      expect(store.saved.get(key)).toEqual(range(count).map(String));
      const uses = store.uses.get(key) ?? [];
      expect(uses).toEqual(uses.map((_, index) => (index % 2 === 0 ? 'restore' : 'save')));
      expect(uses.length % 2).toBe(0);
    }
  }, 120_000);
});
