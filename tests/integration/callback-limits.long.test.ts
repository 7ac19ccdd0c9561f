import { describe, expect, test } from 'vitest';
import { CallbackLimitError, TerminatedError, type ProcxyOptions } from 'procxy';
import {
  counts,
  inWindows,
  rejectionOf,
  startFunctionUser,
  type Remote,
  type RemoteFunctionUser,
} from '../support/function-user.js';
import { times } from '../support/thorough.js';
import { kill } from '../support/processes.js';

describe.each(['json', 'advanced'] as const)('maxCallbacks, in %s mode', (serialization) => {
  const start = (options: ProcxyOptions = {}): Promise<RemoteFunctionUser> =>
    startFunctionUser({ serialization, ...options });

  const passed = times(2000, 10_000);
  test(`a limit of 100 is enough for ${passed} functions that are passed in sequence and dropped`, async () => {
    await using user = await start({ maxCallbacks: 100 });
    let sum = 0;
    await inWindows(passed, 20, (n) => user.call(() => void (sum += n)));
    expect(sum).toBe((passed * (passed - 1)) / 2);
    const { parent } = await user.$stats();
    expect(parent.exportedFunctions).toBeLessThanOrEqual(100);
  });

  const returned = times(300, 1000);
  test(`and for ${returned} functions of the child, returned or sent`, async () => {
    await using user = await start({ maxCallbacks: 100 });
    for (let n = 0; n < returned; n++) expect(typeof (await user.adder(n))).toBe('function');
    let received = 0;
    await user.sendFunctions((fn: Remote) => void (received += typeof fn === 'function' ? 1 : 0), returned);
    expect(received).toBe(returned);
    expect((await user.$stats()).child.exportedFunctions).toBeLessThanOrEqual(100);
  });

  test('one more function than the limit is a CallbackLimitError, and calls around it keep their order', async () => {
    await using user = await start({ maxCallbacks: 10 });
    for (let i = 0; i < 10; i++) await user.keep(() => i);
    const settled: string[] = [];
    const note = (name: string) => (): unknown => settled.push(name);
    const before = user.echo(1).then(note('before'));
    const beyond = rejectionOf(user.keep(() => 10)).finally(note('beyond'));
    const after = user.keep(() => 11).then(note('after'), note('refused too'));
    const plain = user.echo(2).then(note('plain'));
    const error = await beyond;
    await Promise.all([before, after, plain]);
    expect(error).toBeInstanceOf(CallbackLimitError);
    expect(error).toMatchObject({ code: 'PROCXY_CALLBACK_LIMIT' });
    expect((error as Error).message).toMatch(/10 functions.*maxCallbacks.*\$releaseCallback/);
    expect(settled.toSorted()).toEqual(['before', 'beyond', 'plain', 'refused too']);
    expect([settled[0], settled[3]]).toEqual(['before', 'plain']);
    expect(await user.callKept(9)).toBe(9);
    await user.drop();
    expect(await user.keep(() => 'room again')).toBe(1);
    expect(await user.callKept(0)).toBe('room again');
  });

  test('a message with too many functions is refused completely', async () => {
    await using user = await start({ maxCallbacks: 10 });
    const many = (count: number): unknown[] => Array.from({ length: count }, () => () => 1);
    expect(await rejectionOf(user.typesOf(...many(11)))).toBeInstanceOf(CallbackLimitError);
    expect(await user.typesOf(...many(10))).toEqual(many(10).map(() => 'function'));
    expect(await rejectionOf(user.adders(11))).toBeInstanceOf(CallbackLimitError);
    expect(await user.adders(10)).toHaveLength(10);
  });

  test('each side has its own limit', async () => {
    await using user = await start({ maxCallbacks: 3 });
    for (let i = 0; i < 3; i++) await user.keep(() => i);
    const adders = await user.adders(3);
    expect(await counts(user)).toEqual({ ofParent: [3, 3], ofChild: [3, 3] });
    expect(await rejectionOf(user.own())).toBeInstanceOf(CallbackLimitError);
    expect(await rejectionOf(user.keep(() => 3))).toBeInstanceOf(CallbackLimitError);
    expect(await adders[2]?.(1)).toBe(3);
  });

  test('if the result of a function exceeds it, its caller gets the error', async () => {
    await using user = await start({ maxCallbacks: 3 });
    for (let i = 0; i < 2; i++) await user.keep(() => i);
    const { thrown } = await user.attempt(() => [() => 1]);
    expect(thrown).toMatchObject({ name: 'CallbackLimitError' });
    expect(await user.ping()).toBe('pong');
  });

  test('a call that waits for room still times out and ends', async () => {
    const user = await start({ maxCallbacks: 1, terminateTimeout: 300 });
    await user.keep(() => 1);
    kill(user, 'SIGSTOP');
    const quick = user.$with({ timeout: 50 }) as unknown as RemoteFunctionUser;
    expect(await rejectionOf(quick.keep(() => 2))).toMatchObject({ name: 'TimeoutError' });
    const [second, third] = [rejectionOf(user.keep(() => 3)), rejectionOf(user.ping())];
    await user.$terminate();
    expect(await second).toBeInstanceOf(TerminatedError);
    expect(await third).toBeInstanceOf(TerminatedError);
  });
});
