import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OptionsValidationError, procxyKeyed, sync, SyncCallbackError } from 'procxy';
import { Sharing } from '../fixtures/sharing.js';
import { isRunning, until } from '../support/processes.js';
import { useLog } from '../support/log-file.js';

const module = '../fixtures/sharing.js';
const shared = { perChild: 3, enableCallbacks: true } as const;
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );

let log: string;
const disposed = useLog((path) => (log = path));

describe('several instances in one child', () => {
  test('live in as few children as `perChild` allows, each with its own state', async () => {
    await using all = procxyKeyed(Sharing, module, shared);
    const pids = await Promise.all(['a', 'b', 'c', 'd'].map((key) => all.get(key).pid()));
    expect(new Set(pids.slice(0, 3)).size).toBe(1);
    expect(pids[3]).not.toBe(pids[0]);
    expect(await all.get('a').key()).toBe('a');
    expect(await all.get('a').key()).toBe('a');
    expect(await all.get('b').key()).toBe('b');
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => all.get(key).count()))).toEqual([2, 1, 0, 0]);
    expect(await all.get('b').itself()).toBe(await all.get('b').itself());
  });

  for (const serialization of ['json', 'advanced'] as const) {
    for (const channel of ['ipc', 'socket'] as const) {
      test(`have functions, events and streams of their own (${serialization}, ${channel})`, async () => {
        await using all = procxyKeyed(Sharing, module, { ...shared, serialization, channel });
        const keys = ['a', 'b', 'c'];
        const told: string[] = [];
        for (const key of keys) all.get(key).on('told', (text: string) => told.push(text));
        await Promise.all(keys.map((key) => all.get(key).tell('hello')));
        expect(told.toSorted()).toEqual(['a: hello', 'b: hello', 'c: hello']);
        const asked = keys.map((key) => all.get(key).ask(async (given) => `${given} of ${key}`));
        expect(await Promise.all(asked)).toEqual(['a of a', 'b of b', 'c of c']);
        const read = async (key: string): Promise<string> => {
          let text = '';
          for await (const chunk of await all.get(key).bytes(3)) text += Buffer.from(chunk as Uint8Array).toString();
          return text;
        };
        expect(await Promise.all(keys.map(read))).toEqual(['a0 a1 a2 ', 'b0 b1 b2 ', 'c0 c1 c2 ']);
        const sent = keys.map((key) => all.get(key).read(Readable.from([Buffer.from('1'), Buffer.from(key)])));
        expect(await Promise.all(sent)).toEqual(['a: 1a', 'b: 1b', 'c: 1c']);
        const numbers: string[] = [];
        for await (const each of all.get('b').numbers(3)) numbers.push(each);
        expect(numbers).toEqual(['b1', 'b2', 'b3']);
      });
    }
  }

  test('wait for functions that are called synchronously, one after the other', async () => {
    await using all = procxyKeyed(Sharing, module, shared);
    const compare = sync((a: number, b: number) => a - b);
    const sorted = ['a', 'b', 'c'].map((key) => all.get(key).sort([3, 1, 2], compare));
    expect(await Promise.all(sorted)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test('reject a call at once if it waits for a neighbour that blocks the child', async () => {
    await using all = procxyKeyed(Sharing, module, shared);
    await all.get('b').key();
    // The child cannot answer before the function returns: a call that waited for its answer would never be rejected with this error.
    const refused: unknown[] = [];
    const visited = all.get('a').visit(
      sync(async () => {
        refused.push(await outcome(all.get('b').key()));
        return 'returned';
      }),
    );
    expect(await visited).toBe('returned');
    expect(refused).toEqual([expect.any(SyncCallbackError)]);
    expect(refused).toMatchObject([{ message: /key\(\) was called from within/ }]);
  });

  test('take handles', async () => {
    await using all = procxyKeyed(Sharing, module, { ...shared, supportHandles: true });
    await using server = createServer({ pauseOnConnect: true });
    const accepted: Socket[] = [];
    server.on('connection', (socket) => accepted.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const texts = ['a', 'b'].map(async () => {
      let text = '';
      for await (const chunk of connect(port, '127.0.0.1')) text += String(chunk);
      return text;
    });
    await until(() => accepted.length === 2, 'both connections');
    await Promise.all(['a', 'b'].map((key, index) => all.get(key).answer(accepted[index] as Socket)));
    expect((await Promise.all(texts)).toSorted()).toEqual(['a', 'b']);
  });

  test('do not end if another cannot be made', async () => {
    await using all = procxyKeyed(Sharing, module, shared);
    const pid = await all.get('a').pid();
    expect(await outcome(all.get('bad').key())).toBeInstanceOf(RangeError);
    expect(await all.get('a').pid()).toBe(pid);
    expect(await all.get('b').pid()).toBe(pid);
  });

  test('end separately, and are disposed', async () => {
    const options = { ...shared, maxInstances: 3, env: { SHARING_LOG: log } };
    await using all = procxyKeyed(Sharing, module, options);
    const pids = await Promise.all(['a', 'b', 'c'].map((key) => all.get(key).pid()));
    await all.get('b').key();
    expect(await all.get('d').pid()).toBe(pids[0]);
    expect(disposed()).toEqual(['a']);
    expect(await all.get('b').count()).toBe(1);
    await all.$terminate();
    expect(disposed().toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(pids.map(isRunning)).toEqual([false, false, false]);
  });

  test('are all disposed when their parent has gone', async () => {
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['tests/fixtures/sharing-parent.js'], {
      env: { ...process.env, SHARING_LOG: log },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await until(() => disposed().length === 3, 'the dispose hooks');
    expect(disposed().toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('a crash rejects the calls of all of them, and of no other child', async () => {
    await using all = procxyKeyed(Sharing, module, shared);
    const keys = ['a', 'b', 'c', 'd'];
    const pids = await Promise.all(keys.map((key) => all.get(key).pid()));
    const open = keys.map((key) => outcome(key === 'b' ? all.get(key).crash() : all.get(key).wait(1500)));
    const crashed = {
      name: 'ChildCrashedError',
      ran: 'maybe',
      message: /b has crashed.*The next call makes a new one/,
    };
    expect(await Promise.all(open)).toMatchObject([crashed, crashed, crashed, 'd']);
    const again = await Promise.all(keys.map((key) => all.get(key).pid()));
    expect(again[3]).toBe(pids[3]);
    expect(again[0]).not.toBe(pids[0]);
    expect(await Promise.all(keys.map((key) => all.get(key).key()))).toEqual(keys);
  });

  test('stay alive while one idles and another computes', async () => {
    await using all = procxyKeyed(Sharing, module, { ...shared, idleTimeout: 50, terminateTimeout: 300 });
    await all.get('a').key();
    const pid = await all.get('b').pid();
    expect(await all.get('b').block(2000)).toBe('b');
    expect(await all.get('a').key()).toBe('a');
    expect(await all.get('c').pid()).not.toBe(undefined);
    expect(pid).toBeGreaterThan(0);
  });

  test('a child that is blocked for ever is ended when nobody waits for it any more, and its keys come back', async () => {
    const options = { ...shared, idleTimeout: 50, terminateTimeout: 200, timeout: 4000 };
    await using all = procxyKeyed(Sharing, module, options);
    const pid = await all.get('a').pid();
    const blocked = outcome(all.get('b').block(600_000));
    await sleep(150);
    expect(await all.get('a').pid()).not.toBe(pid);
    expect(await blocked).toMatchObject({ name: 'TimeoutError' });
    expect(isRunning(pid)).toBe(false);
  });

  test('a dispose hook that takes too long is given up, and ends no neighbour', async () => {
    const options = { ...shared, maxInstances: 2, terminateTimeout: 2500 };
    await using all = procxyKeyed(Sharing, module, options);
    await all.get('slow').key();
    const pid = await all.get('b').pid();
    expect(await all.get('b').key()).toBe('b');
    expect(await all.get('c').key()).toBe('c');
    expect(await all.get('b').pid()).toBe(pid);
    expect(await all.get('b').count()).toBe(1);
  });

  test('a neighbour that waits for a `sync()` function does not count as blocked', async () => {
    const heartbeat = { interval: 50, limit: 2500, onBlocked: 'terminate' } as const;
    await using all = procxyKeyed(Sharing, module, { ...shared, heartbeat });
    const pid = await all.get('b').pid();
    const slow = sync(async (key: string) => {
      await sleep(4000);
      return key;
    });
    expect(await all.get('a').visit(slow)).toBe('a');
    expect(await all.get('b').pid()).toBe(pid);
  });

  test('a timer of an instance that has ended, which calls a `sync()` function, harms no neighbour', async () => {
    await using all = procxyKeyed(Sharing, module, { ...shared, maxInstances: 2 });
    await all.get('a').nag(sync(() => 1));
    const pid = await all.get('b').pid();
    // Takes the place of the first one.
    expect(await all.get('c').pid()).toBe(pid);
    await expect.poll(() => all.get('b').failure()).toBe('TerminatedError');
    expect(await all.get('b').pid()).toBe(pid);
  });

  test("`onTimeout: 'terminate'` ends the child with all of them", async () => {
    await using all = procxyKeyed(Sharing, module, { ...shared, timeout: 2500, onTimeout: 'terminate' });
    const pid = await all.get('a').pid();
    await all.get('b').key();
    const open = [all.get('a').wait(60_000), all.get('b').$with({ timeout: 0 }).wait(60_000)];
    expect(await Promise.all(open.map(outcome))).toMatchObject([
      { name: 'TimeoutError' },
      { name: 'ChildCrashedError', ran: 'maybe' },
    ]);
    expect(await all.get('a').pid()).not.toBe(pid);
  });

  const forged = [
    { type: 'instance-message', instance: 99, message: { type: 'call-result', callId: 1, result: 'success' } },
    { type: 'instance-message', instance: '__proto__', message: {} },
    { type: 'instance-message', instance: 1, message: 5 },
    { type: 'instance-message', instance: 2, message: { type: 'call-result', callId: 99, result: 'success' } },
    { type: 'instance-open', instance: 7 },
    { type: 'instance-end', instance: 0 },
    { type: 'instance-end' },
    { type: 'instance-end', instance: 1 },
    { type: 'instance-end', instance: 2 },
  ];
  for (const message of forged) {
    test(`forged messages harm only the child that sends them: ${JSON.stringify(message)}`, async () => {
      await using all = procxyKeyed(Sharing, module, shared);
      const pids = await Promise.all(['a', 'b', 'c', 'd'].map((key) => all.get(key).pid()));
      const other = all.get('d').wait(500);
      const open = [all.get('a').forge(message), all.get('b').wait(60_000)].map(outcome);
      for (const error of await Promise.all(open)) {
        expect(['ProtocolError', 'ChildCrashedError']).toContain((error as Error).name);
        expect((error as { ran?: string }).ran).toBe('maybe');
      }
      expect(await other).toBe('d');
      await until(() => !isRunning(pids[0] as number), 'the end of the child');
      expect(await all.get('a').key()).toBe('a');
      expect(await all.get('d').pid()).toBe(pids[3]);
    });
  }

  test('an agent of another language, and a `perChild` of 0, are refused', () => {
    const agent = new URL('../fixtures/cart.js', import.meta.url);
    expect(() => procxyKeyed(Sharing, { perChild: 2, agent })).toThrow(OptionsValidationError);
    expect(() => procxyKeyed(Sharing, { perChild: 0 })).toThrow(/perChild/);
  });
});
