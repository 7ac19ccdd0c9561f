import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChildCrashedError, procxy, TerminatedError, TimeoutError, type Procxy } from 'procxy';
import { Mortal } from '../fixtures/mortal.js';
import { runScript } from '../support/scripts.js';
import { blockFor, kill } from '../support/processes.js';

const module = '../fixtures/mortal.js';
const quiet = { stdio: 'ignore' } as const;

/** Returns the outcome of a promise without throwing. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
}

describe('every call settles', () => {
  let uncaught: unknown[];
  const record = (error: unknown): number => uncaught.push(error);
  beforeEach(() => {
    uncaught = [];
    process.on('uncaughtExceptionMonitor', record);
  });
  afterEach(() => {
    process.off('uncaughtExceptionMonitor', record);
    expect(uncaught).toEqual([]);
  });

  test('with the exit code when the child exits', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    const error = await outcome(mortal.exit(7));
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error).toMatchObject({ code: 'PROCXY_CHILD_CRASHED', exitCode: 7, signal: null });
  });

  test('with exit code 0 too', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    expect(await outcome(mortal.exit(0))).toMatchObject({ exitCode: 0 });
  });

  for (const signal of ['SIGKILL', 'SIGUSR2', 'SIGSEGV'] as const) {
    test(`with the signal when the child is ended by ${signal}`, async () => {
      await using mortal = await procxy(Mortal, module, quiet);
      expect(await outcome(mortal.kill(signal))).toMatchObject({ exitCode: null, signal });
    });
  }

  test('with the child’s own uncaught error', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    const error = await outcome(mortal.throwLater());
    expect(error).toMatchObject({ name: 'ChildCrashedError', exitCode: 1 });
    expect(error).toHaveProperty('cause.message', 'thrown by a timer');
    expect(error).toHaveProperty('cause.detail', 7);
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain('RangeError: thrown by a timer');
  });

  test('with the child’s unhandled rejection', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    const error = await outcome(mortal.rejectLater());
    expect(error).toMatchObject({ exitCode: 1 });
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  test('when the child runs out of memory', async () => {
    await using mortal = await procxy(Mortal, module, { ...quiet, execArgv: ['--max-old-space-size=20'] });
    const error = await outcome(mortal.eatMemory());
    const status = process.platform === 'win32' ? { exitCode: 134 } : { signal: 'SIGABRT' };
    expect(error).toMatchObject({ name: 'ChildCrashedError', ...status });
    expect((error as Error).message).toContain('aborted, for example out of memory: `resourceLimits`');
  });

  test('with what the child last wrote to stderr, when that is piped', async () => {
    await using mortal = await procxy(Mortal, module, { stdio: 'pipe' });
    const error = await outcome(mortal.complain(`${'x'.repeat(10_000)}the last words`));
    expect(error).toMatchObject({ exitCode: 9 });
    expect((error as ChildCrashedError).stderr).toMatch(/^x{4000,}the last words$/);
    expect((error as ChildCrashedError).stderr).toHaveLength(4096);
  });

  test('when the child closes its channel', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    expect(await outcome(mortal.disconnect())).toMatchObject({ name: 'ChildCrashedError', exitCode: 0 });
  });

  test('when it is made while the child dies, and after', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    kill(mortal);
    const during = mortal.ping();
    await mortal.$exited;
    expect(await outcome(during)).toMatchObject({ signal: 'SIGKILL' });
    expect(await outcome(mortal.ping())).toMatchObject({ signal: 'SIGKILL' });
    expect(await outcome(mortal.$stats())).toMatchObject({ signal: 'SIGKILL' });
    expect(await outcome(mortal.$get('x'))).toMatchObject({ signal: 'SIGKILL' });
  });

  test('with a TimeoutError when the child is stopped', async () => {
    await using mortal = await procxy(Mortal, module, { ...quiet, timeout: 200, terminateTimeout: 200 });
    kill(mortal, 'SIGSTOP');
    expect(await outcome(mortal.ping())).toBeInstanceOf(TimeoutError);
  });

  test('with a TerminatedError when the proxy is terminated, and after', async () => {
    const mortal = await procxy(Mortal, module, quiet);
    const pending = outcome(mortal.hang());
    const ending = mortal.$terminate();
    expect(await pending).toBeInstanceOf(TerminatedError);
    expect(await outcome(mortal.ping())).toBeInstanceOf(TerminatedError);
    await ending;
    expect(await outcome(mortal.ping())).toBeInstanceOf(TerminatedError);
  });

  test('with a TerminatedError that carries the reason when its signal aborts', async () => {
    const controller = new AbortController();
    const mortal = await procxy(Mortal, module, { ...quiet, signal: controller.signal });
    const pending = outcome(mortal.hang());
    controller.abort(new Error('enough'));
    expect(await pending).toMatchObject({ name: 'TerminatedError', cause: { message: 'enough' } });
    await mortal.$exited;
  });

  test('a late result is dropped, and the child goes on', async () => {
    await using mortal = await procxy(Mortal, module, { ...quiet, timeout: 100 });
    expect(await outcome(mortal.sleep(2500))).toBeInstanceOf(TimeoutError);
    const patient = mortal.$with({ timeout: 0 });
    // Its result comes after the late one.
    await patient.sleep(2600);
    expect(await patient.ping()).toBe('pong');
  });

  test('a busy parent does not time out calls whose answers already wait in the pipe', async () => {
    await using mortal = await procxy(Mortal, module, { ...quiet, timeout: 150 });
    const call = mortal.sleep(20);
    blockFor(2500);
    expect(await call).toBe(20);
  });

  test('the stack of each error contains its own call site', async () => {
    await using mortal = await procxy(Mortal, module, { ...quiet, timeout: 50 });
    const error = (await outcome(mortal.hang())) as Error;
    expect(error.stack).toMatch(/TimeoutError: hang\(\) was not answered within 50 ms[^]*every-call-settles/);
  });

  test('1,000 calls that race with the child’s death', async () => {
    for (let round = 0; round < 3; round++) {
      const mortal: Procxy<Mortal> = await procxy(Mortal, module, quiet);
      const calls = Array.from({ length: 1000 }, (_, i) => outcome(i % 2 ? mortal.ping() : mortal.sleep(i / 10)));
      setTimeout(() => kill(mortal), 5 + 15 * round);
      const outcomes = await Promise.all(calls);
      const crashed = outcomes.filter((value) => value instanceof ChildCrashedError);
      expect(outcomes).toHaveLength(1000);
      expect(crashed.length).toBeGreaterThan(0);
      expect(crashed.length + outcomes.filter((value) => !(value instanceof Error)).length).toBe(1000);
    }
  });

  test('results that the child sent before it died are delivered', async () => {
    await using mortal = await procxy(Mortal, module, quiet);
    const answered = Array.from({ length: 100 }, () => mortal.ping());
    const fatal = outcome(mortal.exit(0));
    expect(await Promise.all(answered)).toEqual(Array.from({ length: 100 }, () => 'pong'));
    expect(await fatal).toBeInstanceOf(ChildCrashedError);
  });

  test('a start that fails rejects, even if nothing else keeps the parent alive', async () => {
    const attempts = Array.from({ length: 10 }, () =>
      runScript(`
        class Missing {}
        procxy(Missing, mortalUrl).then(() => process.exit(7), () => process.exit(5));
      `),
    );
    for (const { code } of await Promise.all(attempts)) expect(code).toBe(5);
  });

  test('the end of an idle child resolves $exited, and has no other effect', async () => {
    const { code, stderr } = await runScript(`
      const mortal = await procxy(Mortal, mortalUrl);
      process.kill(mortal.$process.pid, 'SIGKILL');
      setTimeout(async () => console.log(JSON.stringify(await mortal.$exited)), 200);
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
