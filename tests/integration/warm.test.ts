import { afterEach, describe, expect, test } from 'vitest';
import { ChildCrashedError, OptionsValidationError, procxy, sync, type ProcxyOptions } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { Idling, turnsWhileIdle } from '../fixtures/idling.js';
import { Mortal } from '../fixtures/mortal.js';
import { childPids, isRunning, until } from '../support/processes.js';
import { runScript } from '../support/scripts.js';
import { startSyncUser } from '../support/sync-user.js';

const module = '../fixtures/calculator.js';
const mortal = '../fixtures/mortal.js';
const fail = (): never => {
  throw new Error('no order');
};
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('procxy.warm()', () => {
  afterEach(() => procxy.warm(0));

  test('a call takes a spare child, and another is started in its place', async () => {
    const others = childPids();
    await procxy.warm(1);
    const ahead = childPids();
    await using calculator = await procxy(Calculator, module);
    expect(await calculator.add(1, 2)).toBe(3);
    expect(others).not.toContain(calculator.$process.pid);
    expect(ahead).toContain(calculator.$process.pid);
    await until(() => childPids().some((pid) => !ahead.includes(pid)), 'another child');
  });

  test('it resolves when the children are ready, including those that another call started', async () => {
    const ready: string[] = [];
    void procxy.warm(1).then(() => ready.push('first'));
    await procxy.warm(1);
    expect(ready).toEqual(['first']);
  });

  test('a spare child fits any options of single instances and calls', async () => {
    await procxy.warm(2);
    const ahead = childPids();
    const controller = new AbortController();
    const options = { timeout: 200, mirror: false, modulePath: mortal, signal: controller.signal };
    await using instance = await procxy(Mortal, options);
    expect(ahead).toContain(instance.$process.pid);
    expect(await outcome(instance.hang())).toMatchObject({ name: 'TimeoutError', timeoutMs: 200 });
    controller.abort(new Error('enough'));
    expect(await outcome(instance.hang())).toMatchObject({ name: 'TerminatedError', cause: { message: 'enough' } });
    await instance.$exited;
  });

  test.each([
    ['serialization', { serialization: 'advanced' }],
    ['functions', { enableCallbacks: true }],
    ['environment', { env: { SOME: 'value' } }],
    ['working directory', { cwd: '/' }],
    ['arguments', { args: ['x'] }],
    ['flags', { execArgv: ['--stack-size=900'] }],
  ] as [string, ProcxyOptions][])('with another %s it is a child of its own', async (_name, options) => {
    await procxy.warm(1);
    const ahead = childPids();
    await using calculator = await procxy(Calculator, module, options);
    expect(ahead).not.toContain(calculator.$process.pid);
    await procxy.warm(1, options);
    await using second = await procxy(Calculator, module, options);
    expect(await second.add(1, 2)).toBe(3);
    await procxy.warm(0, options);
  });

  test('a change of the environment is noticed', async () => {
    await procxy.warm(1);
    process.env.PROCXY_TEST_CHANGED = 'yes';
    const ahead = childPids();
    await using calculator = await procxy(Calculator, module);
    expect(ahead).not.toContain(calculator.$process.pid);
    delete process.env.PROCXY_TEST_CHANGED;
  });

  test('a child that died meanwhile is not used', async () => {
    const others = childPids();
    await procxy.warm(1);
    const ahead = childPids().filter((pid) => !others.includes(pid));
    for (const pid of ahead) process.kill(pid, 'SIGKILL');
    await until(() => ahead.every((pid) => !isRunning(pid)), 'its end');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await using calculator = await procxy(Calculator, module);
    expect(await calculator.add(1, 2)).toBe(3);
  });

  test('0 ends spare children, a repeated call adds none, and further calls start their own children', async () => {
    const others = childPids();
    await procxy.warm(2);
    await procxy.warm(2);
    const ahead = childPids().filter((pid) => !others.includes(pid));
    const calculators = await Promise.all([1, 2, 3, 4].map((start) => procxy(Calculator, module, {}, start)));
    expect(await Promise.all(calculators.map((each) => each.recall()))).toEqual([1, 2, 3, 4]);
    expect(new Set(calculators.map((each) => each.$process.pid)).size).toBe(4);
    await procxy.warm(0);
    await Promise.all(calculators.map((each) => each.$terminate()));
    await until(() => ahead.every((pid) => !isRunning(pid)), 'the end of all');
  });

  test('they neither keep the parent alive nor outlive it', async () => {
    const { stdout, code } = await runScript(`
      await procxy.warm(2);
      const { childrenOf } = await import(${JSON.stringify(new URL('../support/process-table.js', import.meta.url).href)});
      const nodes = childrenOf().filter(({ command }) => command !== 'sh');
      console.log(nodes.map(({ pid }) => pid).join(' '));
    `);
    expect(code).toBe(0);
    const pids = stdout.trim().split(' ').map(Number);
    expect(pids.length).toBeGreaterThan(1);
    await until(() => pids.every((pid) => !isRunning(pid)), 'the end of all');
  });

  test('impossible options are refused', async () => {
    expect(await outcome(procxy.warm(-1))).toBeInstanceOf(OptionsValidationError);
    expect(await outcome(procxy.warm(1.5))).toBeInstanceOf(OptionsValidationError);
    expect(await outcome(procxy.warm(1, { stdio: [process.stdin, 'pipe', 'pipe'] }))).toBeInstanceOf(
      OptionsValidationError,
    );
    expect(await outcome(procxy.warm(1, { timeuot: 1 } as object))).toBeInstanceOf(OptionsValidationError);
    expect(await outcome(procxy.warm(1, { execPath: '/nowhere/node' }))).toBeInstanceOf(ChildCrashedError);
    await procxy.warm(0, { execPath: '/nowhere/node' });
  });
});

test('busyPoll changes only the time', async () => {
  await using calculator = await procxy(Calculator, module, { busyPoll: 50 });
  for (let n = 0; n < 200; n++) expect(await calculator.add(n, 1)).toBe(n + 1);
  expect(await Promise.all([1, 2, 3].map((n) => calculator.add(n, n)))).toEqual([2, 4, 6]);
  expect(await outcome(procxy(Calculator, module, { busyPoll: -1 }))).toBeInstanceOf(OptionsValidationError);
});

test('busyPoll also works for a child that blocks for a function', async () => {
  await using user = await startSyncUser({ busyPoll: 50 });
  const sorted = await user.sort(
    [3, 1, 2],
    sync((a: number, b: number) => b - a),
  );
  expect(sorted).toEqual([3, 2, 1]);
  expect(
    await outcome(
      user.sort(
        [2, 1],
        sync((): number => fail()),
      ),
    ),
  ).toMatchObject({ message: 'no order' });
  expect(await user.ping()).toBe('pong');
});

test('with busyPoll, both processes sleep when they are idle', async () => {
  await using idling = await procxy(Idling, '../fixtures/idling.js', { busyPoll: 1000 });
  const [own, childs] = await Promise.all([turnsWhileIdle(200), idling.turns(200)]);
  // A polling process would use thousands.
  expect(own).toBeLessThan(50);
  expect(childs).toBeLessThan(50);
});
