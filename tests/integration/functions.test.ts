import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SerializationError } from 'procxy';
import { rejectionOf, startFunctionUser, type Remote, type RemoteFunctionUser } from '../support/function-user.js';

describe.each(['json', 'advanced'] as const)('functions cross, in %s mode', (serialization) => {
  let user: RemoteFunctionUser;
  beforeAll(async () => {
    user = await startFunctionUser({ serialization });
  });
  afterAll(() => user.$terminate());

  describe('from parent to child', () => {
    test('as an argument, with several parameters and a result', async () => {
      expect(await user.call((a: number, b: number, c: string) => [a + b, c], 1, 2, 'x')).toEqual([3, 'x']);
    });

    test('asynchronous, and later', async () => {
      const later = async (text: string): Promise<string> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return `${text} later`;
      };
      expect(await user.call(later, 'much')).toBe('much later');
    });

    test('nested in objects and arrays', async () => {
      const holder = { list: [null, { deep: (n: number) => n * 2 }] };
      expect(await user.callWithin(holder, ['list', 1, 'deep'], 21)).toBe(42);
    });

    test('in constructor arguments', async () => {
      const heard: string[] = [];
      await using other = await startFunctionUser(
        { serialization },
        { onConstructed: (text: string) => heard.push(text) },
      );
      expect(heard).toEqual(['constructed']);
      expect(await other.ping()).toBe('pong');
    });

    test('as results of functions, which may return functions again', async () => {
      const nested = (a: number) => (b: number) => (c: number) => a + b + c;
      const once = (await user.call(nested, 1)) as Remote;
      // It went through the child, and is this process's own.
      expect((once as unknown as (b: number) => (c: number) => number)(2)(3)).toBe(6);
      const add = (n: number): Promise<Remote> => user.adder(n);
      expect(await ((await user.call(add, 40)) as Remote)(2)).toBe(42);
      const viaChild = await user.slow(1, await user.adder(1));
      expect(await ((await viaChild()) as Remote)(1)).toBe(2);
    });

    test('bound, and as methods: called on the object in which they crossed', async () => {
      const counter = {
        total: 5,
        add(n: number) {
          return (this.total += n);
        },
      };
      expect(await user.callWithin({ counter }, ['counter', 'add'], 2)).toBe(7);
      expect(await user.callWithin([counter.add.bind({ total: 100 } as typeof counter)], [0], 1)).toBe(101);
      expect(counter.total).toBe(7);
    });

    test('a function is called on the last object that it crossed in', async () => {
      function who(this: { name: string } | undefined): string | undefined {
        return this?.name;
      }
      await user.callWithin({ name: 'first', who }, ['who']);
      expect(await user.callWithin({ name: 'second', who }, ['who'])).toBe('second');
      expect(await user.call(who)).toBeUndefined();
    });

    test('undefined and falsy values are results as they are', async () => {
      for (const value of [undefined, null, 0, -0, '', false, []]) {
        expect(await user.attempt(() => value)).toEqual(value === undefined ? {} : { value });
        expect(await user.call((given: unknown) => given === value || Array.isArray(given), value)).toBe(true);
      }
      expect(await user.call((...args: unknown[]) => args.length, undefined, undefined)).toBe(2);
    });
  });

  describe('from child to parent', () => {
    test('as a result, and nested in one', async () => {
      expect(await (await user.adder(40))(2)).toBe(42);
      const adders = await user.adders(3);
      expect(await Promise.all(adders.map((add) => add(10)))).toEqual([10, 11, 12]);
    });

    test('as methods: called on the object in which they crossed', async () => {
      const counter = await user.counter();
      await counter.add(3);
      expect(await counter.add(4)).toBe(7);
      expect((await user.counter()).total).toBe(7);
    });

    test('as arguments of an event, called by the listener', async () => {
      const heard: Promise<unknown>[] = [];
      const listener = (upper: Remote, { nested }: { nested: Remote[] }): void => {
        heard.push(upper('hello'), nested[0]?.('again') as Promise<unknown>);
        expect(nested[0]).toBe(upper);
      };
      user.on('needsInput', listener);
      expect(await user.emitFunction('needsInput')).toBe(true);
      expect(await Promise.all(heard)).toEqual(['HELLO', 'AGAIN']);
      user.off('needsInput', listener);
    });

    test('as arguments of a function, one after another', async () => {
      const received: unknown[] = [];
      await user.sendFunctions((fn: Remote) => fn().then((value) => received.push(value)), 3);
      expect(received).toEqual([0, 1, 2]);
    });
  });

  describe('in number and size', () => {
    test('many invocations at once, each with its own result', async () => {
      const delayed = (n: number): Promise<number> =>
        new Promise((resolve) => setTimeout(resolve, (n * 7) % 30, n * n));
      const calls = Array.from({ length: 300 }, (_, n) => user.call(delayed, n));
      expect(await Promise.all(calls)).toEqual(calls.map((_, n) => n * n));
      const add = await user.adder(1000);
      expect(await Promise.all(calls.map((_, n) => add(n)))).toEqual(calls.map((_, n) => 1000 + n));
    });

    test('several functions in turn, while calls of methods go on', async () => {
      const seen: string[] = [];
      const first = user.invokeMany((n: number) => seen.push(`first ${n}`), 100, 1);
      const second = user.invokeMany((n: number) => seen.push(`second ${n}`), 100, 1);
      const pings = Array.from({ length: 50 }, () => user.ping());
      await Promise.all([first, second, ...pings]);
      for (const name of ['first', 'second']) {
        expect(seen.filter((text) => text.startsWith(name))).toEqual(
          Array.from({ length: 100 }, (_, n) => `${name} ${n}`),
        );
      }
      // Neither waited for the other's end.
      expect(seen.indexOf('second 0')).toBeLessThan(seen.indexOf('first 99'));
      expect(seen.indexOf('first 0')).toBeLessThan(seen.indexOf('second 99'));
    });

    test('10,000 that are not awaited arrive in order, before the method resolves', async () => {
      const seen: number[] = [];
      expect(await user.burst((n: number) => void seen.push(n), 10_000)).toBe(10_000);
      expect(seen).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    });

    test('arguments and results of 5 MB', async () => {
      const big = 'x'.repeat(5_000_000);
      expect(await user.call((text: string) => text.length, big)).toBe(big.length);
      expect((await user.attempt(() => big)).value === big).toBe(true);
      const identity = (await user.call(() => (text: string) => text)) as unknown as (text: string) => string;
      expect(identity(big) === big).toBe(true);
    });
  });

  test('data around functions is not mistaken for them: no descriptor can be forged', async () => {
    const id = '01234567-89ab-4def-8123-456789abcdef';
    const forged = { __procxy_callback: id, __procxy_meta: { type: 'function', arity: 1, name: 'forged' } };
    expect(await user.echo(forged)).toEqual(forged);
    expect(await user.typesOf(forged, { ...forged, fn: () => {} })).toEqual(['object', 'object']);
    expect(await user.call((data: unknown) => data, forged)).toEqual(forged);
    const fn = (): number => 7;
    const arrived = await user.echo({ __procxy_callback: fn, __procxy_meta: { home: true } });
    expect(arrived).toEqual({ __procxy_callback: fn, __procxy_meta: { home: true } });
    expect(await user.callWithin({ __procxy_callback: fn }, ['__procxy_callback'])).toBe(7);
  });

  test('user data that names a real function is data all the same', async () => {
    const secret = (): string => 'called';
    await user.keep(secret);
    let id = '';
    const watch = (message: unknown): void => {
      id ||= /"__procxy_callback":"([^"]+)"/.exec(JSON.stringify(message))?.[1] ?? '';
    };
    user.$process.on('message', watch);
    await user.own();
    user.$process.off('message', watch);
    const forged = { __procxy_callback: id, __procxy_meta: { type: 'function', arity: 0, name: '', home: true } };
    expect(await user.typesOf(forged, [forged])).toEqual(['object', 'object']);
    expect(await user.echo([forged])).toEqual([forged]);
  });
});

describe('functions where advanced mode carries more', () => {
  let user: RemoteFunctionUser;
  beforeAll(async () => {
    user = await startFunctionUser({ serialization: 'advanced' });
  });
  afterAll(() => user.$terminate());

  test('in Map and Set, as keys too', async () => {
    const map = new Map([[() => 'key', () => 'value']]);
    expect(await user.callAll(map, new Set([() => 'member']))).toEqual(['key', 'value', 'member']);
    expect(await user.echo(map)).toEqual(map);
  });

  test('within cycles', async () => {
    const cyclic = { fn: () => 1 } as { fn: () => number; self?: object };
    cyclic.self = cyclic;
    expect(await user.leadsBack(cyclic)).toBe(true);
    const back = await user.echo(cyclic);
    expect(back.self).toBe(back);
    expect(back.fn).toBe(cyclic.fn);
  });

  test('with Map, Buffer, BigInt and Date as arguments and results', async () => {
    const values = [new Map([[1, new Set([2])]]), Buffer.from('bytes'), 5n, new Date(0), NaN];
    const echo = (given: unknown): unknown => given;
    for (const value of values) expect(await user.call(echo, value)).toEqual(value);
  });
});

test('in JSON mode a cycle around a function is refused, and the function is not kept', async () => {
  await using user = await startFunctionUser({ serialization: 'json' });
  const cyclic = { fn: () => 1 } as { fn: () => number; self?: object };
  cyclic.self = cyclic;
  const error = await rejectionOf(user.leadsBack(cyclic));
  expect(error).toBeInstanceOf(SerializationError);
  expect(error).toMatchObject({
    path: 'args[0].self',
    message: expect.stringContaining('JSON has no cycles') as string,
  });
  expect((await user.$stats()).parent.exportedFunctions).toBe(0);
});
