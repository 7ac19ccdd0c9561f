import { describe, expect, test } from 'vitest';
import { procxy, ProtocolError } from 'procxy';
import { Delegating, Hostile, Reflecting, Shifting, StaticName } from '../fixtures/hostile.js';
import { Disposable } from '../fixtures/disposable.js';
import { runScript } from '../support/scripts.js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { inspect } from 'node:util';
import { join } from 'node:path';

const module = '../fixtures/hostile.js';
const quiet = { stdio: 'ignore' } as const;
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('a hostile or careless child harms only itself', () => {
  const error = (properties: object): object => ({
    type: 'call-result',
    callId: 3,
    result: 'error',
    coded: true,
    error: { __procxy_type: 'error', value: { class: 'Error', message: 'forged', properties } },
  });
  const forged: Record<string, object> = {
    'a result nobody waits for': { type: 'call-result', callId: 999, result: 'success' },
    'an error whose stack is no text': error({ stack: { toString: 1, valueOf: 1 } }),
    'an unknown descriptor field': {
      type: 'call-result',
      callId: 3,
      result: 'success',
      coded: true,
      value: { __procxy_type: 'escaped' },
    },
    'a call': { type: 'call-invoke', callId: 1, method: 'x', args: [] },
    'an event nobody listens to': { type: 'event-emit', event: 'x', args: [] },
    'the end of an event that never began': { type: 'event-unsubscribed', event: 'x' },
    'a handle nobody asked for': { type: 'handle-transfer', handleId: 1 },
    'a subscription': { type: 'event-subscribe', event: 'x' },
    'a batch that is none': { type: 'batch', rows: { length: 1e9 } },
    'a batch of what is no message': { type: 'batch', rows: [0, { type: 'x' }] },
    'a batch within a batch': { type: 'batch', rows: [0, { type: 'batch', rows: [] }] },
    'a row that is malformed': { type: 'batch', rows: [2, '3', 'x'] },
    'a row for a call that is not open': { type: 'batch', rows: [2, 999, 'x'] },
    'a row that calls': { type: 'batch', rows: [1, 1, 'x', []] },
    'a row that invokes where functions do not cross': { type: 'batch', rows: [4, 1, 'x', []] },
  };
  for (const [name, message] of Object.entries(forged)) {
    test(`${name}: the calls reject with a ProtocolError, and the child is ended`, async () => {
      await using hostile = await procxy(Hostile, module, quiet);
      expect(await outcome(hostile.forge(message))).toBeInstanceOf(ProtocolError);
      expect(await hostile.$exited).toEqual({ code: null, signal: 'SIGKILL' });
      expect(await outcome(hostile.ping())).toBeInstanceOf(ProtocolError);
    });
  }

  test('each open call gets its own error', async () => {
    await using hostile = await procxy(Hostile, module, quiet);
    const calls = [outcome(hostile.forge({ type: 'event-emit', event: 'x', args: [] })), outcome(hostile.forge({}))];
    const [first, second] = await Promise.all(calls);
    expect(first).not.toBe(second);
    expect((second as Error).message).toMatch(/^forge\(\): The event 'x' arrived/);
  });

  test('uncaught errors and thrown values that cannot be shown are replaced', async () => {
    await using hostile = await procxy(Hostile, module, quiet);
    const message = { type: 'child-fatal', error: { toString: 1, valueOf: 1 } };
    void hostile.forge(message).catch(() => {});
    expect(await hostile.ping()).toBe('pong');
    expect(await outcome(hostile.throwUnshowable())).toMatchObject({ name: 'ChildCrashedError' });
  });

  test('a forged description ends the start', async () => {
    const { stdout } = await runScript(`
      for (const value of [5, undefined, { methods: 5 }, { methods: [{}], unmirrored: [], disposable: true, emitter: false }]) {
        const code = 'process.removeAllListeners("message"); ' +
          'const answer = (callId, value) => process.send({ type: "call-result", callId, result: "success", value }); ' +
          'answer(1, { batches: true }); answer(2, ' + JSON.stringify(value) + ');' +
          'export class X {}; await new Promise(() => setInterval(() => {}, 1000))';
        class X {}
        const error = await procxy(X, 'data:text/javascript,' + encodeURIComponent(code)).catch((e) => e);
        console.log(error.name, error.message);
      }
    `);
    const expected = 'ProtocolError The child sent a malformed description of its instance.\n';
    expect(stdout).toBe(expected.repeat(4));
  });

  for (const how of ['twice', 'both', 'nested'] as const) {
    test(`a thenable that settles ${how} is awaited as await does it`, async () => {
      await using hostile = await procxy(Hostile, module);
      const call = hostile.thenable as unknown as (how: string) => Promise<string>;
      expect(await call(how)).toBe(how);
      expect(await hostile.ping()).toBe('pong');
    });
  }

  test('a mirrored getter that throws a value that cannot be shown does not fail a call', async () => {
    await using hostile = await procxy(Hostile, module, { mirror: ['throwsNull'] });
    expect(await hostile.ping()).toBe('pong');
    expect(() => Reflect.get(hostile, 'throwsNull') as unknown).toThrow(
      /its getter threw \(a value that cannot be shown\)/,
    );
  });

  test('an uncaught error larger than the pipe is truncated, not lost', async () => {
    await using hostile = await procxy(Hostile, module, quiet);
    const crash = (await outcome(hostile.dieLoudly(1_000_000))) as Error;
    expect(crash.cause).toBeInstanceOf(RangeError);
    expect((crash.cause as Error).message).toMatch(/^loud x+$/);
  });

  test('a code on the prototype of an error survives', async () => {
    await using hostile = await procxy(Hostile, module);
    await expect(hostile.throwWithCode('E_PROTO')).rejects.toMatchObject({ code: 'E_PROTO' });
  });
});

describe('mistakes that users make', () => {
  test('stdio arrays shorter than three leave the channel alone', async () => {
    for (const stdio of [['ignore'], ['ignore', 'ignore'], []] as const) {
      const { code, stdout } = await runScript(`
        const mortal = await procxy(Mortal, mortalUrl, { stdio: ${JSON.stringify(stdio)} });
        await mortal.complain('not a message').catch((error) => console.log(error.exitCode));
      `);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '9\n' });
    }
  });

  test('a class with a static method called name', async () => {
    await using odd = await procxy(StaticName, module);
    expect(await odd.ping()).toBe('pong');
  });

  test('a TimeoutError of a nested proxy is the method’s own error: not retried, not renamed', async () => {
    await using delegating = await procxy(Delegating, module, { retries: 3 });
    await expect(delegating.delegate()).rejects.toMatchObject({ name: 'TimeoutError', timeoutMs: 1, method: 'hang' });
    expect(delegating.runs).toBe(1);
  });

  test('many calls and proxies may share one signal without a warning', async () => {
    const { stderr, code } = await runScript(`
      const { signal } = new AbortController();
      const mortals = await Promise.all(Array.from({ length: 12 }, () => procxy(Mortal, mortalUrl, { signal })));
      const patient = mortals[0].$with({ signal });
      await Promise.all(Array.from({ length: 30 }, () => patient.ping()));
      await Promise.all(mortals.map((mortal) => mortal.$terminate()));
    `);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('repeated $terminate(), also by using, does not cut the dispose hook short, and it runs once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'procxy-'));
    const log = join(folder, 'log');
    const disposable = await procxy(Disposable, '../fixtures/disposable.js', {}, log, { disposeMs: 300 });
    const first = disposable.$terminate();
    await new Promise((resolve) => setTimeout(resolve, 50));
    disposable[Symbol.dispose]();
    await Promise.all([first, disposable.$terminate()]);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(['constructed', 'disposing', 'disposed']);
    rmSync(folder, { recursive: true });
  });

  test('properties that change inside are mirrored again, whatever they were before', async () => {
    await using shifting = await procxy(Shifting, module);
    expect(() => shifting.scores).toThrow(/NaN/);
    expect(() => shifting.table).toThrow(/exceed the limit/);
    await shifting.mend();
    await shifting.$refresh();
    expect(shifting.scores).toEqual([5, 1]);
    await shifting.empty();
    await shifting.$refresh();
    expect(shifting.table).toEqual({});
    expect(shifting.list).toHaveLength(1000);
    await shifting.write(15_000);
    await shifting.$refresh();
    expect(() => shifting.list).toThrow(/exceed the limit/);
    await shifting.write(1);
    await shifting.$refresh();
    expect(shifting.list).toHaveLength(1000);
  });

  test('a property that is the instance is the proxy', async () => {
    await using reflecting = await procxy(Reflecting, module, { mirror: ['own', 'me'] });
    expect(Reflect.get(reflecting, 'own')).toBe(reflecting);
    expect(Reflect.get(reflecting, 'me')).toBe(reflecting);
    expect(inspect(reflecting).length).toBeLessThan(1000);
  });
});
