import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ChildCrashedError, OptionsValidationError, procxy, sync, type Heartbeat, type Procxy } from 'procxy';
import { Blocking } from '../fixtures/blocking.js';
import { kill, until } from '../support/processes.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/blocking.js';
const url = JSON.stringify(new URL(module, import.meta.url).href);
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const start = (heartbeat: Heartbeat): Promise<Procxy<Blocking>> => procxy(Blocking, module, { heartbeat });

/** In ms: longer than a busy machine stops a process. */
const LIMIT = 2500;
/** In ms: well over the limit. */
const LONG = 6000;

/** Told so, and how often. */
function listener(): { told: number[]; heartbeat: Heartbeat } {
  const told: number[] = [];
  return { told, heartbeat: { interval: 20, limit: LIMIT, onBlocked: (ms) => told.push(ms) } };
}

/** Blocks the event loop of this process too. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('heartbeat', () => {
  test('a function is called once for each time that the child blocks', async () => {
    const { told, heartbeat } = listener();
    await using blocking = await start(heartbeat);
    expect(await blocking.block(LONG)).toBe('done');
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThanOrEqual(LIMIT);
    expect(await blocking.block(LONG)).toBe('done');
    expect(told).toHaveLength(2);
  });

  test('$blockedFor says for how long the child has been blocked', async () => {
    const { heartbeat } = listener();
    await using blocking = await start(heartbeat);
    const done = blocking.block(LONG);
    await until(() => (blocking.$blockedFor ?? 0) > 300, 'it has been blocked for some time');
    expect(await done).toBe('done');
    await until(() => (blocking.$blockedFor ?? Infinity) < 300, 'it is blocked no more');
  });

  test('a limit alone is enough to choose the interval', async () => {
    const told: number[] = [];
    await using blocking = await start({ limit: LIMIT, onBlocked: (ms) => told.push(ms) });
    expect(await blocking.wait(LONG)).toBe('done');
    expect(told).toEqual([]);
  });

  test('without it, $blockedFor is undefined', async () => {
    await using blocking = await procxy(Blocking, module);
    expect(blocking.$blockedFor).toBeUndefined();
  });

  test("'terminate' ends the child, and rejects open calls with the reason", async () => {
    await using blocking = await start({ interval: 20, limit: LIMIT, onBlocked: 'terminate' });
    const open = [outcome(blocking.block(60_000)), outcome(blocking.wait(1))];
    for (const error of await Promise.all(open)) {
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error).toMatchObject({ signal: 'SIGKILL', exitCode: null });
      expect((error as Error).message).toMatch(/its event loop has not turned for \d+ ms/);
    }
    expect(await blocking.$exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('a child that is stopped counts as one that blocks', async () => {
    await using blocking = await start({ interval: 20, limit: LIMIT, onBlocked: 'terminate' });
    kill(blocking, 'SIGSTOP');
    expect(await blocking.$exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test("'warn', the default, is a warning of the process", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    await using blocking = await start({ interval: 20, limit: LIMIT });
    expect(await blocking.block(LONG)).toBe('done');
    process.off('warning', note);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ code: 'PROCXY_BLOCKED' });
    expect(warnings[0]?.message).toContain(String(blocking.$where.pid));
  });

  test('a child that awaits is not blocked, nor is one that waits for a synchronous function', async () => {
    const { told, heartbeat } = listener();
    await using blocking = await procxy(Blocking, module, { heartbeat, enableCallbacks: true });
    expect(await blocking.wait(LONG)).toBe('done');
    const slow = sync(async (n: number) => sleep(LONG, n));
    expect(await blocking.map([1], slow)).toEqual([1]);
    expect(told).toEqual([]);
  });

  test('time in which the parent was blocked itself does not count', async () => {
    const { told, heartbeat } = listener();
    await using blocking = await start(heartbeat);
    for (let round = 0; round < 5; round++) {
      block(LIMIT / 4);
      await sleep(1);
    }
    await sleep(100);
    expect(told).toEqual([]);
    expect(await blocking.wait(1)).toBe('done');
  });

  test('the child has one timer for it, which keeps neither process alive', async () => {
    const { heartbeat } = listener();
    await using blocking = await start(heartbeat);
    // One that is unref'd does not count.
    expect(await blocking.timers()).toBe(0);
    const script = `
      const { Blocking } = await import(${url});
      await procxy(Blocking, ${url}, { heartbeat: { interval: 10 } });
      console.log('idle');
    `;
    expect(await runScript(script)).toMatchObject({ code: 0, stdout: 'idle\n' });
  });

  test.each([
    [{ interval: 0 }, 'a number of milliseconds from 1'],
    [{ limit: '5s' }, 'a number of milliseconds from 1'],
    [{ onBlocked: 'kill' }, "'warn', 'terminate' or a function"],
    [{ interval: 1000, limit: 1500 }, 'must be twice `heartbeat.interval` (1000 ms) or more, but got 1500'],
    [{ every: 5 }, 'There is no option `heartbeat.every`'],
  ])('%j is refused', async (heartbeat, message) => {
    const error = await outcome(start(heartbeat as Heartbeat));
    expect(error).toBeInstanceOf(OptionsValidationError);
    expect((error as Error).message).toContain(message);
  });
});
