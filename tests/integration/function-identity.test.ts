import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SerializationError } from 'procxy';
import {
  rejectionOf,
  startFunctionUser,
  warningsDuring,
  type Remote,
  type RemoteFunctionUser,
} from '../support/function-user.js';

describe.each(['json', 'advanced'] as const)('functions keep their identity, in %s mode', (serialization) => {
  let user: RemoteFunctionUser;
  beforeAll(async () => {
    user = await startFunctionUser({ serialization });
  });
  afterAll(() => user.$terminate());

  test('name and arity', async () => {
    function named(_a: number, _b: number): void {}
    expect(await user.describe(named)).toEqual({ type: 'function', name: 'named', length: 2 });
    expect(
      await user.describe(
        (
          () =>
          async (..._rest: unknown[]) => {}
        )(),
      ),
    ).toEqual({
      type: 'function',
      name: '',
      length: 0,
    });
    expect(await user.describe(named.bind(undefined, 1))).toMatchObject({ name: 'bound named', length: 1 });
    const own = await user.own();
    expect([own.name, own.length]).toEqual(['own', 2]);
  });

  test('a name that is not a string, and a length that is not a number', async () => {
    const odd = Object.defineProperties(() => 5, { name: { value: { toString: 1 } }, length: { value: -1 } });
    expect(await user.describe(odd)).toEqual({ type: 'function', name: '', length: 0 });
    expect(await user.call(odd)).toBe(5);
    const emoji = Object.defineProperty(() => {}, 'name', { value: '__proto__ 🦊\n\u2028' });
    expect((await user.describe(emoji)).name).toBe('__proto__ 🦊\n\u2028');
  });

  test('the same function is the same proxy, within a message and over several', async () => {
    const fn = (): void => {};
    expect(await user.same(fn, fn)).toBe(true);
    expect(await user.same(fn, () => {})).toBe(false);
    await user.keep(fn);
    expect(await user.indexOfKept(fn)).toBe(0);
    expect(await user.indexOfKept(() => {})).toBe(-1);
    expect(await user.own()).toBe(await user.own());
    const { add } = await user.counter();
    expect((await user.counter()).add).toBe(add);
  });

  test('functions that are passed back and forth come back as themselves', async () => {
    const fn = (): void => {};
    expect(await user.echo(fn)).toBe(fn);
    expect((await user.echo([{ fn }]))[0]?.fn).toBe(fn);
    const own = await user.own();
    expect(await user.isOwn(own)).toBe(true);
    expect(await user.echo(own)).toBe(own);
    expect(await user.call(() => own)).toBe(own);
    expect(await user.call((given: unknown) => given === fn, fn)).toBe(true);
  });

  test('the same method of two objects has two proxies', async () => {
    const shared = { n: 1, get: (): number => 1 };
    const [first, second] = [{ ...shared }, { ...shared }];
    expect(await user.same(first.get, second.get)).toBe(true);
    expect(await user.same(first.get.bind(first), second.get.bind(second))).toBe(false);
  });

  test('through two children: one’s function is called by the other', async () => {
    await using other = await startFunctionUser({ serialization });
    const add = await user.adder(40);
    expect(await other.call(add, 2)).toBe(42);
    expect(await other.pid()).not.toBe(await user.pid());
    expect(await other.describe(await user.own())).toEqual({ type: 'function', name: 'own', length: 2 });
    expect(await other.echo(add)).toBe(add);
    const deep = await other.slow(1, add);
    expect(await ((await user.call(deep)) as Remote)(1)).toBe(41);
    const thrown = (await other.attempt(await user.typeErrorThrower())).thrown;
    expect(thrown).toMatchObject({ base: 'TypeError', code: 'E_CHILD', cause: { base: 'RangeError' } });
  });

  test('classes and built-in constructors are refused, in both directions', async () => {
    class Local {}
    for (const type of [Local, Date, Map, Promise]) {
      const error = await rejectionOf(user.call(type));
      expect(error).toBeInstanceOf(SerializationError);
      expect(error).toMatchObject({ path: 'args[0]' });
      expect((error as Error).message).toMatch(
        /^call\(\): args\[0\] is a class, which cannot be constructed from another process\. Pass a function/,
      );
    }
    expect(await rejectionOf(user.returnClass())).toMatchObject({ name: 'SerializationError', path: 'result' });
  });

  test('if the result of a function cannot cross, the error names the function', async () => {
    const remember = (): WeakMap<object, number> => new WeakMap();
    const { thrown } = await user.attempt(remember);
    expect(thrown).toMatchObject({ name: 'SerializationError', path: 'result' });
    expect(thrown?.message).toMatch(/^remember\(\): result is a weak collection/);
  });

  test('a symbol or promise next to a function: the path names it, and the function is not kept', async () => {
    const before = (await user.$stats()).parent.exportedFunctions;
    const error = await rejectionOf(user.echo({ fn: () => {}, list: [Promise.resolve()] }));
    expect(error).toMatchObject({ name: 'SerializationError', path: 'args[0].list[0]' });
    expect((await user.$stats()).parent.exportedFunctions).toBe(before);
  });
});

describe.each(['json', 'advanced'] as const)('without enableCallbacks, in %s mode', (serialization) => {
  let user: RemoteFunctionUser;
  beforeAll(async () => {
    user = await startFunctionUser({ serialization, enableCallbacks: false });
  });
  afterAll(() => user.$terminate());

  test('an argument is refused, by its path and the option', async () => {
    const error = await rejectionOf(user.call(() => {}));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path: 'args[0]' });
    expect((error as Error).message).toMatch(/^call\(\): args\[0\] is a function.*\{ enableCallbacks: true \}/);
    expect(await rejectionOf(user.echo({ deep: [1, () => {}] }))).toMatchObject({ path: 'args[0].deep[1]' });
  });

  test('so is a result', async () => {
    const error = await rejectionOf(user.own());
    expect(error).toMatchObject({ name: 'SerializationError', path: 'result' });
    expect((error as Error).message).toMatch(/^own\(\): result is a function.*\{ enableCallbacks: true \}/);
    expect(await rejectionOf(user.counter())).toMatchObject({ path: 'result.add' });
  });

  test('so is a constructor’s argument', async () => {
    const start = startFunctionUser({ serialization, enableCallbacks: false }, { onConstructed: () => {} });
    expect(await rejectionOf(start)).toMatchObject({
      name: 'SerializationError',
      path: 'args[0].onConstructed',
      message: expect.stringContaining('{ enableCallbacks: true }') as string,
    });
  });

  test('an event with a function is a warning', async () => {
    const warnings = await warningsDuring(async () => {
      user.on('needsInput', () => expect.unreachable());
      await user.emitFunction('needsInput');
      await user.ping();
    });
    expect(warnings).toMatchObject([{ code: 'PROCXY_EVENT_FAILED' }]);
    expect(warnings[0]?.message).toMatch(/event 'needsInput': args\[0\] is a function.*\{ enableCallbacks: true \}/);
  });

  test('there is nothing to release, and nothing is counted', async () => {
    expect(user.$releaseCallback(() => {})).toBe(false);
    expect((await user.$stats()).parent).toMatchObject({ exportedFunctions: 0, importedFunctions: 0 });
  });
});
