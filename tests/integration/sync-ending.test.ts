import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChildCrashedError, sync, SyncCallbackError, TerminatedError, type ProcxyOptions } from 'procxy';
import { rejectionOf, startFunctionUser, type Remote } from '../support/function-user.js';
import { isRunning, kill, killed, until } from '../support/processes.js';
import { onTold, tell, firstLine, outcomeOf, startScript } from '../support/scripts.js';
import { startSyncUser, type RemoteSyncUser } from '../support/sync-user.js';

const later = <T>(value: T, ms = 20): Promise<T> => new Promise((resolve) => setTimeout(resolve, ms, value));
const never = (): Promise<never> => new Promise(() => {});

/** A function that a child waits for, and a promise that it does. */
function waiting(name = 'waiting'): { fn: () => unknown; begun: Promise<void>; finish: (value: unknown) => void } {
  let begin!: () => void;
  let finish!: (value: unknown) => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const result = new Promise((resolve) => (finish = resolve));
  const owner = { [name]: async (): Promise<unknown> => (begin(), result) }[name];
  return { fn: sync(owner as () => unknown), begun, finish };
}

describe.each(['json', 'advanced'] as const)('while a child waits, in %s mode', (serialization) => {
  const start = (options: ProcxyOptions = {}, log?: string): Promise<RemoteSyncUser> =>
    startSyncUser({ serialization, ...options }, log);

  test('a call to it from within the function rejects immediately, in any form', async () => {
    await using user = await start();
    const own = await user.own();
    const attempts: Record<string, () => Promise<unknown>> = {
      method: () => user.ping(),
      $get: () => user.$get('state'),
      $stats: () => user.$stats(),
      function: () => own(),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      const refused: unknown[] = [];
      const asking = sync(async function asking() {
        refused.push(await rejectionOf(attempt()));
        await later(undefined, 2);
        refused.push(await rejectionOf(attempt()));
        return 'done';
      });
      expect(await user.call(asking), name).toEqual(['done']);
      expect(refused).toHaveLength(2);
      for (const error of refused) {
        expect(error, name).toBeInstanceOf(SyncCallbackError);
        expect(error).toMatchObject({ code: 'PROCXY_SYNC_CALLBACK' });
        expect((error as Error).message).toMatch(
          /was called from within asking\(\), but the child is blocked until asking\(\) returns/,
        );
      }
      expect(await attempt(), name).toBeDefined();
    }
  });

  test('the error may pass through the child, and work started in the function may continue after it', async () => {
    await using user = await start();
    let afterwards: Promise<unknown> | undefined;
    const asking = sync(async () => {
      afterwards = later(undefined).then(() => user.ping());
      return user.ping();
    });
    expect(await rejectionOf(user.call(asking))).toBeInstanceOf(SyncCallbackError);
    expect(await afterwards).toBe('pong');
  });

  test('calls from elsewhere wait and then succeed, as do those of another child from within', async () => {
    await using user = await start();
    await using other = await start();
    const { fn, begun, finish } = waiting();
    const call = user.call(fn);
    await begun;
    let answered = false;
    const ping = user.ping().finally(() => (answered = true));
    await later(undefined, 50);
    expect(answered).toBe(false);
    finish('finished');
    expect(await call).toEqual(['finished']);
    expect(await ping).toBe('pong');
    expect(await user.call(sync(async () => other.ping()))).toEqual(['pong']);
  });

  test('a function of another child may be what it waits for', async () => {
    await using user = await start();
    await using other = await startFunctionUser({ serialization });
    const add: Remote = await other.adder(40);
    expect(await user.call(sync(add), 2)).toEqual([42]);
    expect((await user.attempt(sync(await other.typeErrorThrower()))).thrown).toMatchObject({
      base: 'TypeError',
      code: 'E_CHILD',
    });
  });

  test('callbackTimeout makes the child’s call throw a TimeoutError, and the child continues', async () => {
    await using user = await start({ callbackTimeout: 50 });
    let late!: (value: unknown) => void;
    const slow = sync(function slow() {
      return new Promise((resolve) => (late = resolve));
    });
    const { thrown } = await user.attempt(slow);
    expect(thrown).toMatchObject({ name: 'TimeoutError', code: 'PROCXY_TIMEOUT' });
    expect(thrown?.message).toMatch(/^slow\(\) did not return within 50 ms.*callbackTimeout/);
    late({ too: () => 'late' });
    expect(await user.attemptOften(sync(never), 2)).toEqual(['TimeoutError', 'TimeoutError']);
    expect(await user.call(sync(() => 'still works'))).toEqual(['still works']);
  });

  test('the method’s own timeout does not end the child’s wait', async () => {
    await using user = await start();
    const { fn, begun, finish } = waiting();
    const quick = user.$with({ timeout: 300 }) as unknown as RemoteSyncUser;
    const call = rejectionOf(quick.call(fn));
    await begun;
    expect(await call).toMatchObject({ name: 'TimeoutError', method: 'call' });
    finish(1);
    expect(await user.ping()).toBe('pong');
  });

  test('its death rejects the call, and a late result of the function has no effect', async () => {
    const user = await start({ stdio: 'ignore' });
    const own = await user.own();
    const { fn, begun, finish } = waiting();
    const call = rejectionOf(user.call(fn));
    await begun;
    const ping = rejectionOf(user.ping());
    kill(user);
    expect(await call).toMatchObject({ name: 'ChildCrashedError', ...killed.error });
    expect(await ping).toBeInstanceOf(ChildCrashedError);
    finish({ fn: () => 1 });
    await later(undefined);
    expect(await rejectionOf(user.ping())).toBeInstanceOf(ChildCrashedError);
    expect(await rejectionOf(own())).toBeInstanceOf(ChildCrashedError);
    await user.$terminate();
  });

  describe('and it is told to end', () => {
    let folder: string;
    let log: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'procxy-'));
      log = join(folder, 'log');
      writeFileSync(log, '');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    // A terminateTimeout that no test outlives: that it ends at all shows that nothing waited for it.
    const patient = { terminateTimeout: 1e8, callbackTimeout: 0 };

    test('by $terminate(): it stops waiting, disposes and ends', async () => {
      const user = await start(patient, log);
      const { fn, begun } = waiting();
      const call = rejectionOf(user.call(fn));
      await begun;
      await user.$terminate();
      expect(await call).toBeInstanceOf(TerminatedError);
      expect(await user.$exited).toEqual({ code: 0, signal: null });
      expect(readFileSync(log, 'utf8')).toBe('disposing\ndisposed\n');
    });

    test('by $terminate() within the function itself', async () => {
      const user = await start(patient, log);
      const ending = sync(async () => {
        await user.$terminate();
        return 'never seen';
      });
      expect(await rejectionOf(user.call(ending))).toBeInstanceOf(TerminatedError);
      expect(await user.$exited).toEqual({ code: 0, signal: null });
      expect(readFileSync(log, 'utf8')).toBe('disposing\ndisposed\n');
    });

    test('by an AbortSignal', async () => {
      const controller = new AbortController();
      const user = await start({ ...patient, signal: controller.signal }, log);
      const { fn, begun } = waiting();
      const call = rejectionOf(user.call(fn));
      await begun;
      controller.abort(new Error('enough'));
      expect(await call).toMatchObject({ name: 'TerminatedError', cause: { message: 'enough' } });
      expect(await user.$exited).toEqual({ code: 0, signal: null });
      expect(readFileSync(log, 'utf8')).toBe('disposing\ndisposed\n');
    });

    const fixture = JSON.stringify(new URL('../fixtures/sync-user.js', import.meta.url).href);
    for (const [how, end] of Object.entries({
      'process.exit()': 'process.exit(0)',
      SIGKILL: "process.kill(process.pid, 'SIGKILL')",
    })) {
      test(`by its parent’s end, through ${how}: it disposes and exits`, async () => {
        const script = startScript(`
          import { sync } from 'procxy';
          import { SyncUser } from ${fixture};
          const options = { enableCallbacks: true, serialization: '${serialization}', terminateTimeout: 1e8, callbackTimeout: 0 };
          const user = await procxy(SyncUser, ${fixture}, options, ${JSON.stringify(log)});
          ${onTold(end)}
          user.call(sync(() => {
            console.log(user.$process.pid);
            return new Promise(() => {});
          })).catch(() => {});
        `);
        const pid = Number(await firstLine(script));
        expect(isRunning(pid)).toBe(true);
        const ended = outcomeOf(script);
        tell(script);
        expect((await ended).stderr).toBe('');
        await until(() => !isRunning(pid), 'the child ended');
        expect(readFileSync(log, 'utf8')).toBe('disposing\ndisposed\n');
      });
    }
  });
});

test('an idle proxy with functions on both sides does not keep its parent alive', async () => {
  const fixture = JSON.stringify(new URL('../fixtures/sync-user.js', import.meta.url).href);
  const script = startScript(`
    import { sync } from 'procxy';
    import { SyncUser } from ${fixture};
    const user = await procxy(SyncUser, ${fixture}, { enableCallbacks: true });
    await user.keep(sync(() => 1));
    globalThis.own = await user.own();
    console.log(await user.callKept(), await own(), user.$process.pid);
  `);
  const outcome = await outcomeOf(script);
  expect(outcome).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^\[ 1 \] of the child \d+\n$/) as string,
  });
  await until(() => !isRunning(Number(outcome.stdout.trim().split(' ').at(-1))), 'the child ended');
});

test('a callback that is pending keeps the parent alive', async () => {
  const fixture = JSON.stringify(new URL('../fixtures/function-user.js', import.meta.url).href);
  const script = startScript(`
    import { FunctionUser } from ${fixture};
    const user = await procxy(FunctionUser, ${fixture}, { enableCallbacks: true });
    const slow = await user.slow(200, 'after all');
    slow().then((value) => console.log(value));
  `);
  expect(await outcomeOf(script)).toMatchObject({ code: 0, stderr: '', stdout: 'after all\n' });
});
