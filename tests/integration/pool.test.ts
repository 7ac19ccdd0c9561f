import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { PoolClosedError, procxyPool, QueueFullError, QueueTimeoutError } from 'procxy';
import { Journal } from '../fixtures/journal.js';
import { isRunning, until } from '../support/processes.js';
import { seeded } from '../support/seeded.js';
import { chaos } from '../support/pool-chaos.js';
import { useLog } from '../support/log-file.js';

const module = '../fixtures/journal.js';
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
const quick = { minDelay: 10, maxDelay: 20, onRestart: () => {} };

let log: string;
const logged = useLog((path) => (log = path));

describe('procxyPool()', () => {
  test('brings each call to an instance that is free, or to the next that becomes free', async () => {
    await using pool = await procxyPool(Journal, module, { size: 3 }, log);
    const pids = new Set(await Promise.all(range(3).map(() => pool.pid())));
    expect(pids.size).toBe(3);
    expect(await Promise.all(range(200).map((n) => pool.run(n)))).toEqual(range(200));
    expect(
      logged()
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(range(200));
    const stats = await pool.$stats();
    expect(stats).toMatchObject({ state: 'running', waiting: 0, running: 0, restarts: 0 });
    expect(stats.instances).toHaveLength(3);
    expect(stats.instances.every(({ rss = 0, cpu = 0 }) => rss > 1e6 && cpu > 0)).toBe(true);
    expect(stats.runTime.count).toBe(203);
  });

  test('gives an instance as many calls at a time as `concurrency` says', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, concurrency: 3 }, log);
    const open = range(10).map((n) => pool.run(n, 100));
    const { running, waiting, instances } = await pool.$stats();
    expect([running, waiting]).toEqual([6, 4]);
    expect(instances.map((each) => each.running)).toEqual([3, 3]);
    await Promise.all(open);
  });

  test('rejects calls that a dead instance was given, and brings waiting calls to the others', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, restart: quick }, log);
    const [pid] = await Promise.all([pool.pid(), pool.pid()]);
    const open = range(20).map((n) => outcome(pool.run(n, 50)));
    await until(() => logged().length >= 2, 'two calls run');
    process.kill(pid, 'SIGKILL');
    const outcomes = await Promise.all(open);
    const failed = outcomes.filter((each) => typeof each !== 'number');
    expect(failed).toMatchObject([{ name: 'ChildCrashedError', ran: 'maybe' }]);
    expect(new Set(logged()).size).toBe(logged().length);
    expect((await pool.$stats()).instances).toHaveLength(2);
  });

  test('rejects a call at once when the queue is full, and says when there is room', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, maxQueue: 2 }, log);
    const open = range(3).map((n) => pool.run(n, 50));
    const error = await outcome(pool.run(3));
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({ method: 'run', maxQueue: 2, ran: 'no' });
    await pool.$room();
    expect(await pool.run(4)).toBe(4);
    await Promise.all(open);
    expect(logged()).toEqual(['0', '1', '2', '4']);
  });

  test('says of a call that may not wait whether instances are busy or starting', async () => {
    const restart = { ...quick, minDelay: 1000, maxDelay: 1000 };
    await using pool = await procxyPool(Journal, module, { size: 1, maxQueue: 0, restart }, log);
    const open = outcome(pool.run(0, 60_000));
    const busy =
      'run() would have to wait for an instance of the pool, but `maxQueue: 0` lets no call wait. Instances: ';
    const remedy = 'Wait for $room(), answer the request with 429, or raise `maxQueue`.';
    await expect(pool.run(1)).rejects.toThrow(`${busy}1 ready, 0 starting. ${remedy}`);
    await until(() => logged().length === 1, 'the call runs');
    const [instance] = (await pool.$stats()).instances;
    process.kill(instance?.pid ?? 0, 'SIGKILL');
    expect(await open).toMatchObject({ name: 'ChildCrashedError' });
    await expect(pool.run(2)).rejects.toThrow(`${busy}0 ready, 1 starting. ${remedy}`);
  });

  test('says when an instance is free, if no call may wait', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, maxQueue: 0 }, log);
    await pool.$room();
    const open = [pool.run(0, 60_000), pool.run(1, 100)].map(outcome);
    const room = pool.$room().then(() => pool.run(2));
    await expect(pool.run(3)).rejects.toBeInstanceOf(QueueFullError);
    expect(await Promise.race([room, open[0]])).toBe(2);
    const [busy] = (await pool.$stats()).instances.filter(({ running }) => running > 0);
    process.kill(busy?.pid ?? 0, 'SIGKILL');
    await Promise.all(open);
    await pool.$terminate();
    await expect(pool.$room()).rejects.toThrow('$room()');
  });

  test.each([0, 1, 3])('tells no more callers of room than there is, with `maxQueue: %j`', async (maxQueue) => {
    await using pool = await procxyPool(Journal, module, { size: 1, maxQueue }, log);
    const results = range(5).map(async () => {
      for (let n = 0; n < 20; n++) {
        await pool.$room();
        await pool.run(n, 1);
      }
    });
    await Promise.all(results);
    expect(logged()).toHaveLength(100);
  });

  test('starts a further instance for those who wait for room', async () => {
    await using pool = await procxyPool(Journal, module, { size: { min: 1, max: 2 }, maxQueue: 0 }, log);
    const hung = outcome(pool.hang());
    await pool.$room();
    expect(await pool.run('second')).toBe('second');
    await pool.$terminate();
    await hung;
  });

  test('calls free instances by $use() and $all if no call may wait', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, maxQueue: 0 }, log);
    expect(await pool.$use((journal) => journal.run('mine'))).toBe('mine');
    expect(await pool.$all.run('all')).toMatchObject([{ value: 'all' }, { value: 'all' }]);
    const hung = [outcome(pool.hang()), outcome(pool.hang())];
    expect(await outcome(pool.$use(() => 0))).toBeInstanceOf(QueueFullError);
    expect(await outcome(pool.$with({ signal: AbortSignal.abort('why') }).$use(() => 0))).toBe('why');
    await pool.$terminate();
    await Promise.all(hung);
  });

  test('ends the wait for room with the pool', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, maxQueue: 0 }, log);
    const open = outcome(pool.run(0, 60_000));
    const room = outcome(pool.$room());
    await pool.$terminate();
    expect(await room).toMatchObject({ name: 'PoolClosedError' });
    await open;
  });

  test('grows for a call that it refuses since none may wait', async () => {
    await using pool = await procxyPool(Journal, module, { size: { min: 1, max: 2 }, maxQueue: 0 }, log);
    const open = pool.run(0, 3000);
    await expect(pool.run(1)).rejects.toThrow('1 ready, 0 starting');
    await vi.waitFor(async () => expect(await pool.run(2)).toBe(2), { timeout: 20_000 });
    expect((await pool.$stats()).instances).toHaveLength(2);
    await open;
  });

  test('counts the timeout of a call from its hand-over, and that of the queue from the call', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, queueTimeout: 300 }, log);
    const slow = pool.run('slow', 2500);
    const waiting = await outcome(pool.$with({ timeout: 50 }).run('waiting'));
    expect(waiting).toBeInstanceOf(QueueTimeoutError);
    expect(waiting).toMatchObject({ timeoutMs: 300, ran: 'no' });
    await slow;
    await using patient = await procxyPool(Journal, module, { size: 1 }, log);
    const first = patient.run('first', 2600);
    expect(await patient.$with({ timeout: 2500 }).run('second')).toBe('second');
    await first;
  });

  test('keeps an instance busy until a method that was given up has ended', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1 }, log);
    expect(await outcome(pool.$with({ timeout: 50 }).run('late', 2500))).toMatchObject({
      name: 'TimeoutError',
      ran: 'maybe',
    });
    expect((await pool.$stats()).running).toBe(1);
    const begun = performance.now();
    await pool.run('next');
    expect(performance.now() - begun).toBeGreaterThan(100);
  });

  test('keeps an instance busy until the iterator that a call returned has ended', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1 }, log);
    const numbers = await pool.numbers(3);
    const next = pool.run('after');
    await sleep(50);
    expect(logged()).toEqual([]);
    const seen: number[] = [];
    for await (const n of numbers) seen.push(n);
    expect(seen).toEqual([0, 1, 2]);
    expect(await next).toBe('after');
  });

  test('aborting any of 1,000 waiting or running calls touches no other, and kills no instance', async () => {
    await using pool = await procxyPool(Journal, module, { size: 4 }, log);
    const pids = await pool.$all.pid();
    const random = seeded(7);
    const calls = range(1000).map((n) => {
      const controller = new AbortController();
      const isAborted = n === 0 || random() < 0.5;
      const ms = n === 0 ? 2000 : 2;
      return { n, controller, isAborted, result: outcome(pool.$with({ signal: controller.signal }).run(n, ms)) };
    });
    // One that surely runs.
    await until(() => logged().includes('0'), 'the first call runs');
    calls[0]?.controller.abort(new Error('aborted 0'));
    const inRandomOrder = calls.map((call) => ({ call, place: random() })).toSorted((a, b) => a.place - b.place);
    for (const { call } of inRandomOrder) {
      if (!call.isAborted) continue;
      call.controller.abort(new Error(`aborted ${call.n}`));
      if (random() < 0.5) await sleep(1);
    }
    const aborted: number[] = [];
    for (const { n, isAborted, result } of calls) {
      const value = await result;
      if (value === n) continue;
      expect(isAborted).toBe(true);
      expect(value).toMatchObject({ message: `aborted ${n}` });
      aborted.push(n);
    }
    expect(await pool.$all.pid()).toEqual(pids);
    await vi.waitFor(async () => expect((await pool.$stats()).running).toBe(0), { timeout: 20_000 });
    const ran = new Set(logged().map(Number));
    // Some of them were running, and some were waiting and have never run.
    expect(aborted.filter((n) => ran.has(n)).length).toBeGreaterThan(0);
    expect(aborted.filter((n) => !ran.has(n)).length).toBeGreaterThan(0);
    expect(ran.size).toBe(logged().length);
  }, 60_000);

  test('keeps the calls of a key on one instance, in their order, through a crash', async () => {
    await using pool = await procxyPool(Journal, module, { size: 3, restart: quick }, log);
    const users = range(5).map((n) => ({ name: `user ${n}`, calls: pool.$with({ key: `user ${n}` }) }));
    const rounds = range(30).flatMap((n) => users.map(({ name, calls }) => outcome(calls.run(`${name}:${n}`, 2))));
    const homes = await Promise.all(users.map(async ({ calls }) => [await calls.pid(), await calls.pid()]));
    for (const [first, second] of homes) expect(first).toBe(second);
    await Promise.all(rounds);
    for (const { name } of users) {
      const own = logged().filter((line) => line.startsWith(name));
      expect(own).toEqual(range(30).map((n) => `${name}:${n}`));
    }
    const again = range(30).flatMap((n) => users.map(({ name, calls }) => outcome(calls.run(`again ${name}:${n}`, 2))));
    process.kill(homes[0]?.[0] ?? 0, 'SIGKILL');
    await Promise.all(again);
    for (const { name } of users) {
      const own = logged().filter((line) => line.startsWith(`again ${name}`));
      const numbers = own.map((line) => Number(line.split(':')[1]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test('replaces an instance although calls of one key never end, and keeps their order', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, concurrency: 2 }, log);
    const keyed = pool.$with({ key: 'ada' });
    const pids: number[] = [];
    let made = 0;
    const controller = new AbortController();
    const stream = async (): Promise<void> => {
      while (!controller.signal.aborted) {
        await keyed.run(made++, 20);
        pids.push(await keyed.pid());
      }
    };
    const streams = Promise.all([stream(), stream(), stream()]);
    await until(() => pids.length > 10, 'the first calls');
    const [before] = pids;
    await pool.$recycle();
    const replaced = pids.length;
    await until(() => pids.length > replaced + 10, 'calls after the replacement');
    controller.abort();
    await streams;
    expect(pids.at(-1)).not.toBe(before);
    expect(logged()).toEqual(range(made).map(String));
    expect(isRunning(before as number)).toBe(false);
  });

  test('keeps the calls of a key that are held back, through aborts and a crash of the old instance', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, restart: quick }, log);
    const keyed = pool.$with({ key: 'ada' });
    const pid = await keyed.pid();
    const running = outcome(keyed.run('lost', 60_000));
    const recycled = pool.$recycle();
    await until(() => logged().length === 1, 'the first call');
    await sleep(1500);
    const controller = new AbortController();
    const given = outcome(keyed.$with({ signal: controller.signal }).run('aborted'));
    const held = [keyed.run(1), keyed.run(2)];
    controller.abort(new Error('given up'));
    expect(await given).toMatchObject({ message: 'given up' });
    process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({ name: 'ChildCrashedError', ran: 'maybe' });
    expect(await Promise.all(held)).toEqual([1, 2]);
    await recycled;
    expect(logged()).toEqual(['lost', '1', '2']);
    expect(await keyed.run(3)).toBe(3);
  });

  test("kills an instance by `onTimeout: 'terminate'`, and makes it again", async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, restart: quick, onTimeout: 'terminate' }, log);
    const pid = await pool.pid();
    expect(await outcome(pool.$with({ timeout: 100 }).hang())).toMatchObject({ name: 'TimeoutError' });
    expect(await pool.pid()).not.toBe(pid);
    expect(isRunning(pid)).toBe(false);
    expect((await pool.$stats()).restarts).toBe(1);
  });

  test('calls a method on every instance by $all', async () => {
    await using pool = await procxyPool(Journal, module, { size: 3 });
    const results = await pool.$all.pid();
    expect(new Set(results.map((each) => (each.status === 'fulfilled' ? each.value : 0))).size).toBe(3);
    const failures = await pool.$all.fail();
    expect(failures).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }, { status: 'rejected' }]);
  });

  test('gives one instance to $use() alone, and its proxy to nobody afterwards', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, concurrency: 4, enableCallbacks: true }, log);
    const others = range(6).map((n) => pool.run(`other ${n}`, 100));
    let kept: { run(id: string): Promise<unknown> } | undefined;
    const seen: unknown[] = [];
    const result = await pool.$use(async (journal) => {
      kept = journal;
      journal.on('run', (id) => seen.push(id));
      void range(10).map((n) => outcome(pool.run(`meanwhile ${n}`, 5)));
      expect(await journal.itself()).toBe(journal);
      await journal.run('mine', 50);
      return journal.count;
    });
    expect(typeof result).toBe('number');
    expect(seen).toEqual(['mine']);
    expect(await outcome(kept?.run('too late') ?? Promise.resolve())).toMatchObject({
      name: 'TerminatedError',
      ran: 'no',
    });
    expect(await pool.itself()).toBe(pool);
    await Promise.all(others);
    await pool.$drain();
    expect(logged()).toHaveLength(17);
  });

  test('gives $use() the instance that is idle first', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, concurrency: 2 }, log);
    const short = pool.run('short', 100);
    const hung = outcome(pool.hang());
    expect(await pool.$use((journal) => journal.run('mine'))).toBe('mine');
    await short;
    await pool.$terminate();
    await hung;
  });

  test('makes calls again at an instance that was kept free for a $use() that was aborted', async () => {
    await using pool = await procxyPool(Journal, module, { size: 1, concurrency: 2 }, log);
    const hung = outcome(pool.hang());
    const aborter = new AbortController();
    const use = outcome(pool.$with({ signal: aborter.signal }).$use(() => 0));
    const behind = pool.run('behind');
    aborter.abort('why');
    expect(await use).toBe('why');
    expect(await behind).toBe('behind');
    expect(await pool.run('after')).toBe('after');
    await pool.$terminate();
    await hung;
  });

  test('makes calls at free instances while the queue is full of calls of $use()', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, concurrency: 2, maxQueue: 1 }, log);
    const hung = [outcome(pool.hang()), outcome(pool.hang())];
    const use = outcome(pool.$use(() => 0));
    await pool.$room();
    expect(await pool.run('other')).toBe('other');
    await pool.$terminate();
    expect(await use).toMatchObject({ name: 'PoolClosedError', ran: 'no' });
    await Promise.all(hung);
  });

  test('sets every instance up before its first call, also after a crash', async () => {
    const setup = (journal: { run(id: string): Promise<unknown> }): unknown => journal.run('set up');
    await using pool = await procxyPool(Journal, module, { size: 2, restart: { minDelay: 10 }, setup }, log);
    expect(logged()).toEqual(['set up', 'set up']);
    process.kill(await pool.pid(), 'SIGKILL');
    await until(() => logged().length === 3, 'the third set-up');
    expect(await pool.run('call')).toBe('call');
  });

  test('hears the events of all instances, later ones included', async () => {
    await using pool = await procxyPool(Journal, module, { size: 2, restart: quick }, log);
    const seen: unknown[] = [];
    pool.on('run', (id) => seen.push(id));
    await pool.$all.run('first');
    process.kill(await pool.pid(), 'SIGKILL');
    await until(() => seen.length === 2, 'both events');
    await pool.$recycle();
    await pool.$all.run('second');
    expect(seen).toEqual(['first', 'first', 'second', 'second']);
  });

  test('lets the user choose the instance', async () => {
    const choose = (instances: readonly { pid: number | undefined }[]): number =>
      instances.findIndex(({ pid }) => pid === Math.max(...instances.map((each) => each.pid ?? 0)));
    await using pool = await procxyPool(Journal, module, { size: 3, choose });
    const one = await pool.pid();
    expect(await pool.pid()).toBe(one);
    await using round = await procxyPool(Journal, module, { size: 3, choose: 'round-robin' });
    expect(new Set([await round.pid(), await round.pid(), await round.pid()]).size).toBe(3);
  });

  test('rejects if an instance cannot be made, and leaves no process', async () => {
    const setup = (): never => {
      throw new Error('no set-up');
    };
    expect(await outcome(procxyPool(Journal, module, { size: 3, setup }))).toMatchObject({ message: 'no set-up' });
    const stream = Readable.from(['a']) as never;
    expect(await outcome(procxyPool(Journal, module, { size: 1 }, stream))).toMatchObject({
      name: 'OptionsValidationError',
    });
  });

  test('fails when all instances have used up their restarts', async () => {
    const failed: Error[] = [];
    await using pool = await procxyPool(
      Journal,
      module,
      { size: 2, restart: false, onFailed: (crash) => failed.push(crash) },
      log,
    );
    const waiting = range(5).map((n) => outcome(pool.run(n, 60_000)));
    for (const { pid } of (await pool.$stats()).instances) process.kill(pid ?? 0, 'SIGKILL');
    const outcomes = await Promise.all(waiting);
    expect(outcomes.filter((each) => each instanceof PoolClosedError)).toHaveLength(3);
    expect(failed).toHaveLength(2);
    const error = await outcome(pool.run(1));
    expect(error).toMatchObject({ name: 'PoolClosedError', ran: 'no', cause: { name: 'ChildCrashedError' } });
    expect((await pool.$stats()).state).toBe('failed');
  });

  test('2,000 calls under random kills: none runs twice, each settles and says whether it may have run', async () => {
    const report = await chaos({ calls: 2000, log, random: seeded(23), killEvery: 100 });
    expect(report.settled).toBe(2000);
    expect(report.ranTwice).toEqual([]);
    expect(report.undecided).toEqual([]);
    expect(report.kills).toBeGreaterThan(0);
  }, 120_000);
});
