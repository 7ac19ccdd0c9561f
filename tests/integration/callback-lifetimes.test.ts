import { describe, expect, test } from 'vitest';
import { TerminatedError, type ProcxyOptions } from 'procxy';
import {
  counts,
  countsAfterCollection,
  inWindows,
  none,
  rejectionOf,
  startFunctionUser,
  type RemoteFunctionUser,
} from '../support/function-user.js';

describe.each(['json', 'advanced'] as const)('the lifetime of functions, in %s mode', (serialization) => {
  const start = (options: ProcxyOptions = {}): Promise<RemoteFunctionUser> =>
    startFunctionUser({ serialization, ...options });

  test('functions of the child that the parent drops leave nothing behind', async () => {
    await using user = await start();
    await inWindows(1000, 50, async (n) => expect(await (await user.adder(n))(1)).toBe(n + 1));
    await user.sendFunctions(() => {}, 1000);
    const listener = (): void => {};
    user.on('needsInput', listener);
    for (let i = 0; i < 100; i++) await user.emitFunction('needsInput');
    // These arrive when there are no more listeners.
    const emitted = Array.from({ length: 20 }, () => user.emitFunction('needsInput'));
    user.off('needsInput', listener);
    await Promise.all(emitted);
    expect(await countsAfterCollection(user)).toEqual(none);
  });

  test('functions that are held stay callable', async () => {
    await using user = await start();
    const held = await user.adder(1);
    await user.keep((n: number) => n + 2);
    const one: typeof none = { ofParent: [1, 1], ofChild: [1, 1] };
    expect(await countsAfterCollection(user, one)).toEqual(one);
    expect(await held(1)).toBe(2);
    expect(await user.callKept(0, 1)).toBe(3);
    await user.drop();
    expect(await countsAfterCollection(user, { ...one, ofParent: [0, 0] })).toEqual({ ...one, ofParent: [0, 0] });
    expect(await held(2)).toBe(3);
  });

  test('a function that is dropped and passed again and again is never lost', async () => {
    await using user = await start();
    const fn = (n: number): number => n;
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 10 }, (_, n) => user.call(fn, n));
      void user.collectGarbage();
      expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(await countsAfterCollection(user)).toEqual(none);
  });

  test('a refused message keeps no function, and releases none that was held', async () => {
    await using user = await start();
    const held = (): string => 'held';
    await user.keep(held);
    const refused = (fns: unknown[]): Promise<unknown> => rejectionOf(user.echo([...fns, Symbol('no')]));
    for (let i = 0; i < 50; i++) {
      expect(await refused([held, () => i])).toMatchObject({ name: 'SerializationError' });
    }
    expect(await counts(user)).toEqual({ ofParent: [1, 1], ofChild: [0, 0] });
    expect(await user.callKept(0)).toBe('held');
  });

  test('after $terminate() everything is gone', async () => {
    const user = await start();
    const own = await user.own();
    const fn = (): void => {};
    await user.keep(fn);
    await user.$terminate();
    expect(await rejectionOf(own())).toBeInstanceOf(TerminatedError);
    expect(user.$releaseCallback(fn)).toBe(false);
  });

  describe('$releaseCallback()', () => {
    test('of a parent’s function: the child’s next call rejects, both registries forget it, and it may be passed again', async () => {
      await using user = await start();
      const fn = function released(): number {
        return 1;
      };
      await user.keep(fn);
      expect(user.$releaseCallback(fn)).toBe(true);
      expect(user.$releaseCallback(fn)).toBe(false);
      expect(await counts(user)).toEqual(none);
      const error = await rejectionOf(user.callKept(0));
      expect(error).toBeInstanceOf(TerminatedError);
      expect((error as Error).message).toMatch(/^released\(\) was released by \$releaseCallback\(\)\. Pass it again/);
      await user.keep(fn);
      expect(await user.callKept(1)).toBe(1);
      expect(await rejectionOf(user.callKept(0))).toBeInstanceOf(TerminatedError);
      expect(await counts(user)).toEqual({ ofParent: [1, 1], ofChild: [0, 0] });
    });

    test('of a parent’s function while it is in transit, and while it runs', async () => {
      await using user = await start();
      let finish = (_value: number): void => {};
      const running = (): Promise<number> => new Promise((resolve) => (finish = resolve));
      const open = user.call(running);
      await user.ping();
      expect(user.$releaseCallback(running)).toBe(true);
      finish(5);
      expect(await open).toBe(5);
      const fn = (): number => 1;
      const sent = rejectionOf(user.call(fn));
      expect(user.$releaseCallback(fn)).toBe(true);
      expect(await sent).toBeInstanceOf(TerminatedError);
      expect(await countsAfterCollection(user)).toEqual(none);
    });

    test('of a child’s function: it can no longer be called, and gets a new proxy when it is returned again', async () => {
      await using user = await start();
      const own = await user.own();
      expect(user.$releaseCallback(own)).toBe(true);
      expect(user.$releaseCallback(own)).toBe(false);
      expect(await counts(user)).toEqual(none);
      expect(await rejectionOf(own())).toMatchObject({
        name: 'TerminatedError',
        message: expect.stringMatching(/^own\(\) was released by/) as string,
      });
      const again = await user.own();
      expect(again).not.toBe(own);
      expect(await again(1)).toEqual([1, undefined]);
    });

    test('of a function that never crossed, and of a number', async () => {
      await using user = await start();
      expect(user.$releaseCallback(() => {})).toBe(false);
      expect(() => user.$releaseCallback(5 as never)).toThrow(/needs a function, but got a value of type number/);
    });

    test('makes room', async () => {
      await using user = await start({ maxCallbacks: 1 });
      for (let i = 0; i < 50; i++) {
        const fn = (): number => i;
        await user.keep(fn);
        expect(user.$releaseCallback(fn)).toBe(true);
      }
      expect(await counts(user)).toEqual(none);
    });
  });
});
