import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sync } from 'procxy';
import { countsAfterCollection, none, rejectionOf, startFunctionUser, type Remote } from '../support/function-user.js';
import { startSyncUser, type RemoteSyncUser } from '../support/sync-user.js';

const later = <T>(value: T, ms = 5): Promise<T> => new Promise((resolve) => setTimeout(resolve, ms, value));

describe.each(['json', 'advanced'] as const)('a function is called synchronously, in %s mode', (serialization) => {
  let user: RemoteSyncUser;
  beforeAll(async () => {
    user = await startSyncUser({ serialization });
  });
  afterAll(() => user.$terminate());

  describe('where the language needs its value synchronously', () => {
    test('sort', async () => {
      const list = Array.from({ length: 100 }, (_, i) => (i * 37) % 101);
      expect(
        await user.sort(
          list,
          sync((a: number, b: number) => b - a),
        ),
      ).toEqual(list.toSorted((a, b) => b - a));
    });

    test('map and filter, also with the index and the list that these give', async () => {
      expect(
        await user.map(
          [1, 2, 3],
          sync((n: number) => n * n),
        ),
      ).toEqual([1, 4, 9]);
      const seen: unknown[] = [];
      await user.mapDirectly(
        ['a', 'b'],
        sync((...args: unknown[]) => seen.push(args)),
      );
      expect(seen).toEqual([
        ['a', 0, ['a', 'b']],
        ['b', 1, ['a', 'b']],
      ]);
      expect(
        await user.filter(
          [1, 2, 3, 4],
          sync((n: number) => n % 2 === 0),
        ),
      ).toEqual([2, 4]);
    });

    test('the replacers of JSON.stringify and String.replace', async () => {
      const value = { keep: 1, drop: 2, deep: [{ drop: 3 }] };
      const replacer = (key: string, part: unknown): unknown => (key === 'drop' ? undefined : part);
      expect(await user.stringify(value, sync(replacer))).toBe(JSON.stringify(value, replacer));
      expect(
        await user.replaceDigits(
          'a1b2',
          sync((digit: string) => `<${digit}>`),
        ),
      ).toBe('a<1>b<2>');
    });
  });

  test('an asynchronous owner is awaited', async () => {
    expect(
      await user.map(
        [1, 2],
        sync((n: number) => later(n + 1)),
      ),
    ).toEqual([2, 3]);
  });

  test('undefined and falsy values are results as they are', async () => {
    for (const value of [undefined, null, 0, -0, '', false]) {
      expect(await user.call(sync(() => value))).toEqual([value]);
      expect(await user.call(sync(async () => value))).toEqual([value]);
    }
  });

  test('errors are thrown through, with identity, from the owner to the child and on to the caller', async () => {
    const fail = function fail(): never {
      throw Object.assign(new TypeError('mine', { cause: new RangeError('its cause') }), { code: 'E_MINE' });
    };
    for (const owner of [fail, async () => fail()]) {
      const { thrown } = await user.attempt(sync(owner));
      expect(thrown).toMatchObject({ base: 'TypeError', code: 'E_MINE', cause: { base: 'RangeError' } });
      const error = await rejectionOf(user.sort([1, 2], sync(owner)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ message: 'mine', code: 'E_MINE', cause: { message: 'its cause' } });
      expect((error as Error).cause).toBeInstanceOf(RangeError);
    }
    for (const value of [undefined, null, 0, 'text', { plain: 1 }]) {
      const owner = (): never => {
        throw value;
      };
      expect((await user.attempt(sync(owner))).thrown).toEqual(
        value === undefined ? { isError: false } : { isError: false, value },
      );
    }
    expect(await user.ping()).toBe('pong');
  });

  test('arguments and results that cannot cross throw in the child', async () => {
    const bad = sync(function bad() {
      return [Symbol('no')];
    });
    expect((await user.attempt(bad)).thrown).toMatchObject({
      name: 'SerializationError',
      path: 'result[0]',
      message: expect.stringMatching(/^bad\(\): result\[0\] is a symbol/) as string,
    });
    expect(await user.attempt(bad)).toMatchObject({ thrown: { name: 'SerializationError' } });
  });

  test('5 MB both ways', async () => {
    const big = 'x'.repeat(5_000_000);
    const [echoed] = await user.call(
      sync((text: string) => `${text}!`),
      big,
    );
    expect(echoed === `${big}!`).toBe(true);
  });

  test('20,000 in one method', async () => {
    expect(
      await user.sum(
        sync((n: number) => n),
        20_000,
      ),
    ).toBe(199_990_000);
  });

  test('functions in its arguments and results', async () => {
    const heard: unknown[] = [];
    const ask = sync((double: Remote) => {
      // It can run once the child does not wait any more.
      setTimeout(() => void double(21).then((value) => heard.push(value)), 5);
      return { give: (n: number) => n + 1 }.give;
    });
    expect(await user.exchange(ask)).toBe(21);
    while (heard.length === 0) await later(undefined);
    expect(heard).toEqual([42]);
    expect(
      await user.same(
        ask,
        sync(() => {}),
      ),
    ).toBe(false);
  });

  test('it is like any other function: name, arity, `this`, identity, lifetime', async () => {
    await using fresh = await startSyncUser({ serialization });
    const named = function compare(_a: number, _b: number): number {
      return 0;
    };
    expect(await fresh.describe(sync(named))).toEqual(['compare', 2]);
    expect(await fresh.same(sync(named), sync(named))).toBe(true);
    expect(await fresh.same(sync(named), named)).toBe(false);
    const held = sync(named);
    await fresh.keep(held);
    const one: typeof none = { ofParent: [1, 1], ofChild: [0, 0] };
    expect(await countsAfterCollection(fresh, one)).toEqual(one);
    expect(fresh.$releaseCallback(held)).toBe(true);
    expect(await rejectionOf(fresh.callKept())).toMatchObject({ name: 'TerminatedError' });
    expect(await countsAfterCollection(fresh)).toEqual(none);
  });

  test('functions exchanged within it leave nothing behind', async () => {
    await using fresh = await startSyncUser({ serialization });
    for (let i = 0; i < 50; i++) {
      await fresh.exchange(sync((double: Remote) => (typeof double === 'function' ? () => i : undefined)));
    }
    expect(await countsAfterCollection(fresh)).toEqual(none);
  });

  describe('in order', () => {
    test('calls that are not awaited, fired before it, arrive before it', async () => {
      let notes = 0;
      const asked = await user.noteAndAsk(
        () => void notes++,
        sync(() => notes),
        20,
        50,
      );
      expect(asked).toEqual(Array.from({ length: 50 }, (_, round) => (round + 1) * 20));
    });

    test('also if there are more than the pipe holds', async () => {
      let notes = 0;
      expect(
        await user.noteAndAsk(
          () => void notes++,
          sync(() => notes),
          10_000,
          1,
        ),
      ).toEqual([10_000]);
    });
  });
});

test('a child cannot pass sync functions, since its parent does not block', async () => {
  await using user = await startFunctionUser({});
  const error = await rejectionOf(user.returnSync());
  expect(error).toMatchObject({ name: 'SerializationError', path: 'result' });
  expect((error as Error).message).toMatch(/marked by sync\(\), but a parent does not block for its child/);
});

describe('sync()', () => {
  test('returns the same wrapper for the same function, which can be called as usual', () => {
    const fn = function add(this: { base: number } | void, n: number): number {
      return (this?.base ?? 0) + n;
    };
    expect(sync(fn)).toBe(sync(fn));
    const wrapper = sync(fn) as (this: unknown, n: number) => number;
    expect([wrapper.name, wrapper.length]).toEqual(['add', 1]);
    expect(wrapper(2)).toBe(2);
    expect(wrapper.call({ base: 1 }, 2)).toBe(3);
  });

  test('accepts only functions', () => {
    for (const value of [5, undefined, null, {}, 'text']) {
      expect(() => sync(value as never)).toThrow(TypeError);
    }
    expect(() => sync(5 as never)).toThrow(/sync\(\) needs a function, but got a value of type number/);
  });
});
