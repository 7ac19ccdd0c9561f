import { describe, expect, test } from 'vitest';
import { sync } from '../../../src/codec/sync-mark.js';
import { SyncCallbackError } from '../../../src/errors.js';
import { Callbacks } from '../../../src/session/functions/callbacks.js';
import { call, failureOf, openSides, type Side } from '../../support/two-sides.js';
import { eventually } from '../../support/eventually.js';

type Fn = (...args: unknown[]) => Promise<unknown>;

/** Passes a function to the child, and runs `use` there with its proxy. */
function openWith(use: (fn: Fn) => unknown, timeout?: number): { parent: Side; child: Side } {
  return openSides({ methods: { use }, ...(timeout !== undefined && { timeout }) });
}

describe('the proxy of a function', () => {
  test('has its name and its length', async () => {
    const { parent } = openWith((fn) => [fn.name, fn.length]);
    expect(await call(parent, 'use', function compare(_a: unknown, _b: unknown) {})).toEqual(['compare', 2]);
  });

  test('resolves to what the function returns, and rejects with what it throws', async () => {
    const { parent } = openWith(async (fn) => [await fn(20), await failureOf(fn('far'))]);
    const fn = (n: unknown): number => {
      if (typeof n !== 'number') throw new RangeError(String(n));
      return n + 1;
    };
    expect(await call(parent, 'use', fn)).toEqual([
      21,
      expect.objectContaining({ name: 'RangeError', message: 'far' }),
    ]);
  });

  test('rejects with a TimeoutError when the function takes too long', async () => {
    const { parent } = openWith((fn) => failureOf(fn()), 20);
    const hang = (): Promise<void> => new Promise(() => {});
    expect(await call(parent, 'use', hang)).toMatchObject({ name: 'TimeoutError', method: 'hang', timeoutMs: 20 });
  });

  test('rejects with an error that names the function if an argument cannot cross', async () => {
    const { parent } = openWith((fn) => failureOf(fn({ x: Symbol('s') })));
    const error = await call(parent, 'use', function take() {});
    expect(error).toMatchObject({ name: 'SerializationError', path: 'args[0].x' });
    expect((error as Error).message).toMatch(/^take\(\): args\[0\]\.x is/);
  });

  test('drops the collection that a visitor is given as well, where that cannot cross', async () => {
    const { parent } = openWith(async (fn) => {
      const visits: unknown[] = [];
      new Map([['a', 1]]).forEach((value, key, map) => visits.push(fn(value, key, map)));
      return Promise.all(visits);
    });
    expect(await call(parent, 'use', (value: number, key: string) => [key, value])).toEqual([['a', 1]]);
  });

  test('exports nothing with a call of a released function', async () => {
    const sides = openWith(async (fn) => {
      sides.child.functions.release(fn);
      return failureOf(fn(() => 'an argument'));
    });
    expect(await call(sides.parent, 'use', () => {})).toMatchObject({ name: 'TerminatedError' });
    expect(sides.child.functions.stats.exportedFunctions).toBe(0);
  });
});

describe('a failure', () => {
  const fail = (): never => {
    throw new Error('unseen');
  };

  test('that nobody awaits is reported, and is not an unhandled rejection', async () => {
    const { parent, child } = openWith((fn) => void fn());
    await call(parent, 'use', fail);
    await eventually(() => expect(child.unhandled).toEqual([['fail', 'unseen']]));
  });

  test('that is awaited is not reported', async () => {
    const { parent, child } = openWith(async (fn) => {
      await failureOf(fn());
      // After it is known whether it is awaited.
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await call(parent, 'use', fail);
    expect(child.unhandled).toEqual([]);
  });

  test('caused by the end of the session is not reported', async () => {
    const { parent, child } = openWith((fn) => void fn());
    await call(parent, 'use', () => new Promise(() => {}));
    child.session.rejectAll(() => new Error('over'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(child.unhandled).toEqual([]);
  });
});

describe('a function that is marked by sync()', () => {
  test('returns its value if this side can block', async () => {
    const { parent } = openWith((fn) => [3, 1, 2].toSorted(fn as never));
    expect(
      await call(
        parent,
        'use',
        sync((a: number, b: number) => a - b),
      ),
    ).toEqual([1, 2, 3]);
  });

  test('throws on a side that cannot block, and says what is needed', () => {
    const functions = new Callbacks({ limit: 10, timeout: 1000, isParent: false, onUnhandled: () => {} });
    functions.arrive(['id']);
    const fn = functions.import({
      __procxy_callback: 'id',
      __procxy_meta: { type: 'function', arity: 0, name: 'ask', sync: true },
    });
    expect(() => fn()).toThrow(SyncCallbackError);
    expect(() => fn()).toThrow(/ask\(\) was marked by sync\(\).*Pass the function without sync\(\)/);
  });
});
