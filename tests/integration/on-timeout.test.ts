import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ChildCrashedError, procxy, sync, TimeoutError, type ProcxyOptions } from 'procxy';
import { Counter } from '../fixtures/counter.js';
import { Mortal } from '../fixtures/mortal.js';
import { SyncUser } from '../fixtures/sync-user.js';
import { until } from '../support/processes.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/mortal.js';
const options = { onTimeout: 'terminate', timeout: 100 } as const satisfies ProcxyOptions;
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const killed = { code: null, signal: 'SIGKILL' };

describe.each(['ipc', 'socket'] as const)("onTimeout: 'terminate', by %s", (channel) => {
  test('kills a child that is in a busy loop, and says so in the error', async () => {
    await using mortal = await procxy(Mortal, module, { ...options, channel });
    const error = await outcome(mortal.busyForever());
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as Error).message).toMatch(/^busyForever\(\) was not answered within 100 ms\. The child was killed/);
    expect(await mortal.$exited).toEqual(killed);
  });

  test('rejects the other open calls, and later ones, with a crash that names the call', async () => {
    await using mortal = await procxy(Mortal, module, { ...options, channel });
    const patient = mortal.$with({ timeout: 0 });
    const others = [patient.hang(), patient.sleep(60_000)].map(outcome);
    const late = await outcome(mortal.hang());
    expect(late).toBeInstanceOf(TimeoutError);
    for (const error of [...(await Promise.all(others)), await outcome(patient.ping())]) {
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error).toMatchObject({ signal: 'SIGKILL', exitCode: null });
      expect((error as Error).message).toContain('it did not answer hang() within 100 ms');
    }
  });
});

describe("onTimeout: 'terminate'", () => {
  test('keeps the program running until the child has ended, however long the system takes to free its memory', async () => {
    const { code, stdout } = await runScript(`
      const mortal = await procxy(Mortal, mortalUrl, { onTimeout: 'terminate' });
      await mortal.allocate(400);
      await mortal.$with({ timeout: 100 }).busyForever().catch(() => {});
      console.log((await mortal.$exited).signal);
    `);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'SIGKILL\n' });
  });

  test('runs no dispose hook, and waits for no terminateTimeout', async () => {
    const mortal = await procxy(Mortal, module, { ...options, terminateTimeout: 2 ** 31 - 1 });
    await outcome(mortal.busyForever());
    expect(await mortal.$exited).toEqual(killed);
  });

  test('waits for the last retry', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'procxy-on-timeout-')), 'log');
    const patient = { ...options, timeout: 1000, retries: 2 };
    await using counter = await procxy(Counter, '../fixtures/counter.js', patient, log);
    expect(await outcome(counter.countAndSleep(60_000))).toMatchObject({ name: 'TimeoutError' });
    expect(readFileSync(log, 'utf8')).toBe('...');
    expect(await counter.$exited).toEqual(killed);
    rmSync(dirname(log), { recursive: true });
  });

  test('applies to $get() and $stats() too, and to the timeout of a single call', async () => {
    for (const ask of ['$stats', '$refresh'] as const) {
      await using mortal = await procxy(Mortal, module, { onTimeout: 'terminate', timeout: 0 });
      const busy = outcome(mortal.busyForever());
      expect(await outcome(mortal.$with({ timeout: 100 })[ask]())).toBeInstanceOf(TimeoutError);
      expect(await busy).toMatchObject({ name: 'ChildCrashedError', signal: 'SIGKILL' });
    }
  });

  test('kills a child that waits for a sync() function, whose result is dropped', async () => {
    const file = '../fixtures/sync-user.js';
    const user = await procxy(SyncUser, file, { ...options, enableCallbacks: true });
    let called = false;
    let answered = false;
    const answer = sync(async () => {
      called = true;
      await user.$exited;
      answered = true;
      return 1;
    });
    const waiting = outcome(user.$with({ timeout: 0 }).call(answer));
    await until(() => called, 'the call');
    expect(await outcome(user.ping())).toBeInstanceOf(TimeoutError);
    expect(await waiting).toMatchObject({ name: 'ChildCrashedError', signal: 'SIGKILL' });
    expect(await user.$exited).toEqual(killed);
    await until(() => answered, 'the answer');
  });

  test('leaves a child alone if a signal gives its call up, or if the method throws a TimeoutError', async () => {
    await using mortal = await procxy(Mortal, module, { onTimeout: 'terminate', timeout: 60_000 });
    await using other = await procxy(Mortal, module, { timeout: 1 });
    const timeout = await outcome(other.hang());
    expect(timeout).toBeInstanceOf(TimeoutError);
    expect(await outcome(mortal.$with({ signal: AbortSignal.abort(timeout) }).hang())).toBe(timeout);
    const controller = new AbortController();
    const given = outcome(mortal.$with({ signal: controller.signal }).hang());
    controller.abort(timeout);
    expect(await given).toBe(timeout);
    expect(await mortal.ping()).toBe('pong');
  });

  test('drops an instance in this process, which cannot be stopped', async () => {
    const mortal = await procxy(Mortal, { ...options, inProcess: true });
    const other = outcome(mortal.$with({ timeout: 0 }).hang());
    expect(await outcome(mortal.sleep(2500))).toBeInstanceOf(TimeoutError);
    expect(await other).toMatchObject({ name: 'ChildCrashedError', signal: 'SIGKILL' });
    expect(await mortal.$exited).toEqual(killed);
  });

  test('leaves one of several children alone', async () => {
    await using first = await procxy(Mortal, module, options);
    await using second = await procxy(Mortal, module, options);
    await outcome(first.busyForever());
    expect(await second.ping()).toBe('pong');
    const { pid } = first.$where;
    await until(() => !isAlive(pid), 'the end of the first child');
  });
});

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}

test("onTimeout: 'keep', the default, keeps the child running, and the error names both options", async () => {
  await using mortal = await procxy(Mortal, module, { timeout: 50 });
  const error = await outcome(mortal.sleep(2500));
  expect((error as Error).message).toMatch(
    /The child keeps running it, .*\$terminate\(\).*\{ onTimeout: 'terminate' \}\.$/,
  );
  expect(await mortal.$with({ timeout: 60_000 }).ping()).toBe('pong');
});
