import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildCrashedError, registerTransferHandler, SerializationError, TerminatedError, TimeoutError } from 'procxy';
import {
  counts,
  countsAfterCollection,
  none,
  rejectionOf,
  startFunctionUser,
  warningsDuring,
  type RemoteFunctionUser,
} from '../support/function-user.js';

/** Of no other process. */
class LocalOnly {
  n = 1;
}
registerTransferHandler('known-to-the-parent', {
  canHandle: (value) => value instanceof LocalOnly,
  encode: (local: LocalOnly) => local.n,
  decode: () => new LocalOnly(),
});

const never = (): Promise<never> => new Promise(() => {});

describe.each(['json', 'advanced'] as const)('functions that fail, in %s mode', (serialization) => {
  let user: RemoteFunctionUser;
  beforeAll(async () => {
    user = await startFunctionUser({ serialization });
  });
  afterAll(() => user.$terminate());

  test('an error of the parent keeps its identity in the child, and on the way back', async () => {
    const fail = (): never => {
      throw Object.assign(new TypeError('mine', { cause: new RangeError('its cause') }), { code: 'E_MINE' });
    };
    const { thrown } = await user.attempt(fail);
    expect(thrown).toMatchObject({ name: 'TypeError', base: 'TypeError', message: 'mine', code: 'E_MINE' });
    expect(thrown?.cause).toMatchObject({ base: 'RangeError', message: 'its cause' });
    const error = await rejectionOf(user.call(fail));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'mine', code: 'E_MINE', cause: { message: 'its cause' } });
    expect((error as Error).cause).toBeInstanceOf(RangeError);
  });

  test('an error of the child keeps its identity in the parent', async () => {
    const error = await rejectionOf((await user.typeErrorThrower())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'of the child', code: 'E_CHILD', cause: { message: 'its cause' } });
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect((error as Error).stack).toMatch(/function-user\.js[^]*function-failures/);
  });

  test('a rejection is the same as a throw', async () => {
    const reject = (): Promise<never> => Promise.reject(new SyntaxError('rejected'));
    expect((await user.attempt(reject)).thrown).toMatchObject({ name: 'SyntaxError', message: 'rejected' });
  });

  for (const value of [undefined, null, 0, '', false, 'text', { plain: ['object'] }]) {
    test(`a thrown ${JSON.stringify(value)} arrives as itself, both ways`, async () => {
      const { thrown } = await user.attempt(() => {
        throw value;
      });
      expect(thrown).toEqual(value === undefined ? { isError: false } : { isError: false, value });
      expect(await rejectionOf((await user.thrower(value))())).toEqual(value);
    });
  }

  test('a thrown function arrives as one', async () => {
    const thrown = (await rejectionOf((await user.thrower(await user.adder(1)))())) as (n: number) => unknown;
    expect(await thrown(2)).toBe(3);
  });

  describe('and are not awaited', () => {
    const explode = function explode(): never {
      throw new RangeError('unseen');
    };

    test('do not end the child, and are a warning with the name', async () => {
      const warnings = await warningsDuring(async () => {
        expect(await user.useAndHandle(explode, 'forget')).toBe('alive');
        expect(await user.ping()).toBe('pong');
      });
      expect(warnings).toMatchObject([{ name: 'ProcxyWarning', code: 'PROCXY_CALLBACK_FAILED' }]);
      expect(warnings[0]?.message).toMatch(/^explode\(\) failed.*unseen/);
    });

    test('each is a warning: one without a name too, and one that rejects later', async () => {
      const warnings = await warningsDuring(async () => {
        await user.useAndHandle(explode, 'forget');
        await user.useAndHandle(
          (
            () => () =>
              new Promise((_, reject) => setTimeout(reject, 5, 'no error'))
          )() as () => void,
          'forget',
        );
        await user.ping();
      });
      expect(warnings).toHaveLength(2);
      expect(warnings[1]?.message).toMatch(/no error/);
    });

    test('are also a warning in the parent if the function is the child’s', async () => {
      const thrower = await user.typeErrorThrower();
      const warnings = await warningsDuring(async () => {
        void thrower();
        await user.ping();
      });
      expect(warnings).toMatchObject([{ code: 'PROCXY_CALLBACK_FAILED' }]);
      expect(warnings[0]?.message).toContain('of the child');
    });

    for (const how of ['await', 'catch', 'all', 'return']) {
      test(`cause no warning if the child handles it (${how})`, async () => {
        const warnings = await warningsDuring(async () => {
          expect(await user.useAndHandle(explode, how)).toBe('alive');
          await user.ping();
        });
        expect(warnings).toEqual([]);
      });
    }
  });

  test('arguments and results that cannot cross: the error names the function and the path', async () => {
    const symbol = await user.attempt(function giveSymbol() {
      return { list: [Symbol('no')] };
    });
    expect(symbol.thrown).toMatchObject({ name: 'SerializationError', path: 'result.list[0]' });
    expect(symbol.thrown?.message).toMatch(/^giveSymbol\(\): result\.list\[0\] is a symbol/);
    const own = await user.own();
    const error = await rejectionOf(own({ bad: Symbol('no') }));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path: 'args[0].bad' });
    expect((error as Error).message).toMatch(/^own\(\): args\[0\]\.bad is a symbol/);
    expect(await user.ping()).toBe('pong');
  });

  test('a value that only one process knows leaves no function behind', async () => {
    await using fresh = await startFunctionUser({ serialization });
    for (const place of ['before', 'after'] as const) {
      expect(String(await rejectionOf(fresh.strange(place)))).toContain("'known-to-the-child' wrote");
      const values = place === 'before' ? [() => {}, new LocalOnly()] : [new LocalOnly(), () => {}];
      expect(String(await rejectionOf(fresh.echo(values)))).toContain("'known-to-the-parent' wrote");
      expect((await fresh.attempt(() => values)).thrown?.message).toContain("'known-to-the-parent' wrote");
    }
    expect(await countsAfterCollection(fresh)).toEqual(none);
  });

  describe('because of callbackTimeout', () => {
    test('the child’s call rejects, and the child keeps running', async () => {
      await using quick = await startFunctionUser({ serialization, callbackTimeout: 50 });
      const { thrown } = await quick.attempt(function hang() {
        return never();
      });
      expect(thrown).toMatchObject({ name: 'TimeoutError', code: 'PROCXY_TIMEOUT' });
      expect(thrown?.message).toMatch(/^hang\(\) was not answered within 50 ms.*callbackTimeout/);
      expect(await quick.ping()).toBe('pong');
    });

    test('so does the parent’s', async () => {
      await using quick = await startFunctionUser({ serialization, callbackTimeout: 50 });
      const error = await rejectionOf((await quick.never())());
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ timeoutMs: 50 });
      // Methods have a limit of their own.
      expect(await quick.call(await quick.own())).toEqual([undefined, undefined]);
    });

    test('a late result that holds a function leaves nothing behind, on either side', async () => {
      await using quick = await startFunctionUser({ serialization, callbackTimeout: 50 });
      const late = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 2500, { late: () => 1 }));
      expect((await quick.attempt(late)).thrown).toMatchObject({ name: 'TimeoutError' });
      expect(await rejectionOf((await quick.slow(2500))())).toBeInstanceOf(TimeoutError);
      const method = quick.$with({ timeout: 50 }) as unknown as RemoteFunctionUser;
      expect(await rejectionOf(method.call(late))).toBeInstanceOf(TimeoutError);
      expect(await countsAfterCollection(quick)).toEqual(none);
    });
  });

  test('after $terminate() a function of the child’s rejects with a TerminatedError, and open calls of it do', async () => {
    const ending = await startFunctionUser({ serialization });
    const [own, hang] = [await ending.own(), await ending.never()];
    const open = rejectionOf(hang());
    await ending.$terminate();
    expect(await open).toBeInstanceOf(TerminatedError);
    expect(await rejectionOf(own())).toBeInstanceOf(TerminatedError);
    expect(await warningsDuring(async () => void own())).toEqual([]);
  });

  test('after a crash with a ChildCrashedError', async () => {
    const ending = await startFunctionUser({ serialization, stdio: 'ignore' });
    const [own, hang] = [await ending.own(), await ending.never()];
    const open = rejectionOf(hang());
    expect(await rejectionOf(ending.die())).toBeInstanceOf(ChildCrashedError);
    expect(await open).toMatchObject({ name: 'ChildCrashedError', signal: 'SIGKILL' });
    expect(await rejectionOf(own())).toBeInstanceOf(ChildCrashedError);
  });
});

test('in JSON mode a Map is refused as argument and as result of a function', async () => {
  await using user = await startFunctionUser({ serialization: 'json' });
  const makeMap = function makeMap(): unknown {
    return [new Map()];
  };
  expect((await user.attempt(makeMap)).thrown).toMatchObject({ name: 'SerializationError', path: 'result[0]' });
  const error = await rejectionOf(user.callWithMap(function taker() {}));
  expect(error).toMatchObject({ name: 'SerializationError', path: 'args[0].inner[0]' });
  expect((error as Error).message).toMatch(/^taker\(\): args\[0\]\.inner\[0\] is a Map/);
  expect(await rejectionOf((await user.mapMaker())())).toMatchObject({ path: 'result.inner' });
  expect(await counts(user)).toMatchObject({ ofChild: [1, 1] });
});
