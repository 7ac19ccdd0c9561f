import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { classFrom, OptionsValidationError, procxy, TimeoutError, type Procxy } from 'procxy';
import type { Circle } from '../fixtures/modules/shapes.js';
import { Query, Slowly, Store, Waiting } from '../fixtures/creating.js';

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const untyped = procxy as unknown as (...args: unknown[]) => Promise<never>;

describe('create', () => {
  test('awaits the static method that makes the instance, and gives it the arguments', async () => {
    await using store = await procxy(Store, '../fixtures/creating.js', { create: 'open' }, 'books');
    expect(await store.title()).toBe('books, opened');
    expect(store.name).toBe('books, opened');
    expect(store).toBeInstanceOf(Store);
  });

  test('accepts a method that is not async, and uses `this`', async () => {
    await using store = await procxy(Store, { create: 'number' }, 7);
    expect(await store.title()).toBe('number 7');
  });

  test('lets functions cross to the method', async () => {
    const opened: unknown[] = [];
    const options = { create: 'open', enableCallbacks: true } as const;
    await using store = await procxy(Store, options, 'books', (name) => opened.push(name));
    expect(await store.title()).toBe('books, opened');
    expect(opened).toEqual(['books']);
  });

  test('rejects with the error of the method', async () => {
    const error = await outcome(procxy(Store, { create: 'fail' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'no store' });
  });

  test('counts as part of the start', async () => {
    const never = new Promise(() => {});
    const options = { create: 'open', enableCallbacks: true, startTimeout: 2000 } as const;
    expect(await outcome(procxy(Store, options, 'books', () => never))).toBeInstanceOf(TimeoutError);
  });

  test.each([
    ['opne', "must name a static method of Store, but got 'opne'. It has open, number, nothing, fail."],
    ['version', "must name a static method of Store, but got 'version'"],
    ['nothing', 'Store.nothing() must give the instance, but got 5. Return an object from it.'],
    ['', "The option `create` must be a name, but got ''. Name a static method"],
    [5, 'The option `create` must be a name, but got 5'],
  ])('%j is refused', async (create, message) => {
    const error = await outcome(untyped(Store, { create }));
    expect(error).toBeInstanceOf(OptionsValidationError);
    expect((error as Error).message).toContain(message);
  });
});

describe('a constructor', () => {
  test.each([
    ['a promise', Waiting],
    ['a promise of another library', Slowly],
  ])('that returns %s is awaited', async (_name, Class) => {
    await using instance = await procxy(Class as typeof Waiting, {}, 'text');
    expect(await instance.read()).toBe('text');
  });

  test('whose instances have a method `then` is not', async () => {
    await using query = await procxy(Query, '../fixtures/creating.js', {}, 'select');
    expect(await query.run()).toBe('select');
    await using made = await procxy(Query, '../fixtures/creating.js', { create: 'from' });
    expect(await made.run()).toBe('from');
  });
});

describe('classFrom()', () => {
  const Round = classFrom<typeof Circle>('../fixtures/modules/shapes.js', 'Circle');

  test('refers to a class of another module, instead of the class', async () => {
    await using circle: Procxy<Circle> = await procxy(Round, {}, 2);
    expect(await circle.area()).toBe(12);
    expect(circle.radius).toBe(2);
    expect(inspect(circle)).toMatch(/^Procxy<Circle> \(running/);
    expect(() => Object.assign(circle, { radius: 3 })).toThrow(/Give Circle a method/);
  });

  test('works with `create` too', async () => {
    const Shop = classFrom<typeof Store>('../fixtures/creating.js', 'Store');
    await using store = await procxy(Shop, { create: 'open' }, 'books');
    expect(await store.title()).toBe('books, opened');
  });

  test('takes the default export, and exports within others', async () => {
    const transpiled = classFrom<new () => { kind(): string }>('../fixtures/modules/transpiled.cjs');
    await using main = await procxy(transpiled);
    expect(await main.kind()).toBe('transpiled');
    const inner = classFrom<typeof Circle>('../fixtures/modules/outer-barrel.js', 'nested.Circle');
    await using circle = await procxy(inner, {}, 2);
    expect(await circle.area()).toBe(12);
  });

  test('finds the class of a package', async () => {
    const reference = classFrom<new (size: number) => { set(key: string, value: number): void; size: number }>(
      'lru-cache',
      'LRUCache',
    );
    await using cache = await procxy(reference, { mirror: ['size'] }, { max: 2 } as never);
    await cache.set('a', 1);
    expect(cache.size).toBe(1);
  });

  test('the error lists the exports if there is no such export', async () => {
    const error = await outcome(procxy(classFrom<typeof Query>('../fixtures/creating.js', 'Qeury'), {}, ''));
    expect(error).toMatchObject({ code: 'PROCXY_MODULE_RESOLUTION' });
    expect((error as Error).message).toContain(
      'creating.js exports no class as `Qeury`. It exports Query, Slowly, Store, Waiting.',
    );
  });

  test('is refused together with a module or an export', async () => {
    for (const args of [['./other.js'], [{ exportName: 'Other' }], [{ modulePath: './other.js' }]]) {
      expect(await outcome(untyped(Round, ...args))).toBeInstanceOf(OptionsValidationError);
    }
  });

  test.each([
    [5, 'Store'],
    ['', 'Store'],
    ['./creating.js', 5],
    ['./creating.js', ''],
  ])('of %j and %j is refused', (path, name) => {
    expect(() => classFrom(path as string, name as string)).toThrow(/^classFrom\(\) needs the .* but got/);
  });
});

describe('exportName', () => {
  test('chooses among classes that look alike', async () => {
    class Twin {
      parent = true;
    }
    await using twin = await procxy(Twin, '../fixtures/twins.js', { exportName: 'second' });
    expect(await twin.$get('n')).toBe(2);
  });
});
