import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type ProcxyControls } from 'procxy';
import { Iterating } from '../fixtures/iterating.js';
import { busy, collect, failure, modes, outcomeOf, sleep, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/iterating.js';
type Items = Promise<AsyncGenerator<unknown, unknown, unknown>> & AsyncIterable<unknown>;

interface RemoteIterating extends Omit<ProcxyControls<Iterating>, '$with'> {
  log(): Promise<string[]>;
  loopOverResultOf(make: () => unknown): Promise<unknown>;
  numbers(count: number): Items;
  synchronous(count: number): Items;
  counted(): Items;
  reiterable(): Items;
  bare(count: number): Items;
  array(items: unknown[]): Items;
  number(): Items;
  rejecting(): Items;
  failing(count: number, ms?: number): Items;
  withMap(last?: unknown): Items;
  stuck(): Items;
  dialogue(): Items;
  catching(): Items;
  stubborn(): Items;
  nested(): AsyncIterable<AsyncIterable<unknown>>;
  page(): Promise<{ title: string; rows: AsyncIterable<unknown> }>;
  functions(): AsyncIterable<{ times(n: number): Promise<number> }>;
  $with(options: { signal: AbortSignal }): RemoteIterating;
  ticking(ms?: number): Items;
}

describe.each(modes)('the result of a method is iterated over, in %s mode', (serialization) => {
  let proxy: RemoteIterating;
  let logged = 0;
  /** What has been written down in the child since the last time. */
  const news = async (): Promise<string[]> => {
    const log = await proxy.log();
    const lines = log.slice(logged);
    logged = log.length;
    return lines;
  };
  beforeAll(async () => {
    proxy = (await procxy(Iterating, module, { serialization, enableCallbacks: true })) as unknown as RemoteIterating;
  });
  afterAll(async () => {
    await untilNoneOpen(proxy, true);
    await proxy.$terminate();
  });

  test('an asynchronous generator, without await before it', async () => {
    expect(await collect(proxy.numbers(5))).toEqual([0, 1, 2, 3, 4]);
    expect(await collect(await proxy.numbers(2))).toEqual([0, 1]);
    expect(await collect(proxy.numbers(0))).toEqual([]);
  });

  test('a synchronous generator is one too', async () => {
    expect(await collect(proxy.synchronous(3))).toEqual([0, 1, 2]);
    expect(await collect(proxy.synchronous(0))).toEqual([]);
  });

  test('an object and an instance with Symbol.asyncIterator, also one with neither return nor throw', async () => {
    await news();
    expect(await collect(proxy.reiterable())).toEqual(['a', 'b']);
    expect(await collect(proxy.bare(3))).toEqual([0, 1, 2]);
    for await (const item of proxy.bare(100)) if (item === 2) break;
    expect(await news()).toEqual(['iterated', 'iterated']);
  });

  test('the value that it returns comes with the end, once', async () => {
    for (const items of [await proxy.numbers(1), await proxy.synchronous(1)]) {
      expect(await items.next()).toEqual({ done: false, value: 0 });
      expect(await items.next()).toEqual({ done: true, value: 'all 1' });
      expect(await items.next()).toEqual({ done: true, value: undefined });
    }
    const items = await proxy.bare(0);
    expect(await items.next()).toEqual({ done: true, value: 'bare end' });
  });

  test('an array and any other iterable result can be looped over without await', async () => {
    expect(await collect(proxy.array([1, 'b', null]))).toEqual([1, 'b', null]);
  });

  test('a result is a promise that can be looped over, and has nothing else of an iterator', async () => {
    const generator = proxy.numbers(1);
    for (const result of [generator, proxy.array([1]), proxy.log(), proxy.number()]) {
      expect(result).toBeInstanceOf(Promise);
      const members = ['next', 'return', 'throw', Symbol.asyncIterator].filter((name) => name in result);
      expect(members).toEqual([Symbol.asyncIterator]);
      await result;
    }
    expect(await collect(generator)).toEqual([0]);
    // An array can be looped over again; an iterator that a loop has left is at its end.
    const list = proxy.array([1, 2]);
    expect([await collect(list), await collect(list)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const numbers = proxy.numbers(3);
    for await (const _ of numbers) break;
    expect(await collect(numbers)).toEqual([]);
  });

  test('a function of the parent, called in the child, returns such a promise too', async () => {
    const looped = (make: () => unknown): Promise<unknown> => proxy.loopOverResultOf(make);
    const expected = { isPromise: true, members: [], items: [1, 2] };
    expect(await looped(() => [1, 2])).toEqual(expected);
    expect(await looped(() => new Set([1, 2]).values())).toEqual(expected);
    expect(
      await looped(async function* () {
        yield* [1, 2];
      }),
    ).toEqual(expected);
  });

  test('a result that cannot be iterated over is a TypeError, and a call that rejects rejects the loop', async () => {
    expect(await failure(collect(proxy.number()))).toBeInstanceOf(TypeError);
    expect(await failure(collect(proxy.rejecting()))).toMatchObject({ name: 'RangeError', message: 'not even begun' });
  });

  test('an error comes in its place, after the items before it', async () => {
    const { items, error } = await outcomeOf(proxy.failing(70));
    expect(items).toHaveLength(70);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'in place', code: 'E_PLACE' });
    const again = await proxy.failing(0);
    expect(await failure(again.next())).toBeInstanceOf(RangeError);
    expect(await again.next()).toEqual({ done: true, value: undefined });
  });

  test('an item that cannot cross ends it with a SerializationError, after the items before it', async () => {
    await news();
    const { items, error } = await outcomeOf(proxy.withMap());
    if (serialization === 'advanced') expect(items[2]).toEqual({ deep: [new Map([[1, 2]])] });
    else {
      expect(items).toEqual([1, 2]);
      expect(error).toBeInstanceOf(SerializationError);
      expect((error as Error).message).toMatch(/deep\[0\] is a Map/);
    }
    expect(await news()).toEqual(['finally']);
  });

  test('when a loop has been left, `finally` has run', async () => {
    await news();
    for await (const item of proxy.numbers(1)) if (item === 0) break;
    expect(await news()).toEqual(['finally']);
    for await (const item of proxy.counted()) if (item === 200) break;
    expect(await news()).toEqual(['finally']);
    const thrown = new Error('by the loop');
    const loop = async (): Promise<void> => {
      for await (const _item of proxy.counted()) throw thrown;
    };
    expect(await failure(loop())).toBe(thrown);
    expect(await news()).toEqual(['finally']);
  });

  test('leaving a loop does not report an error that was not reached', async () => {
    for await (const item of proxy.failing(2, 50)) {
      if (item !== 1) continue;
      // The error arrives, and is read after the loop has been left.
      busy(300);
      break;
    }
  });

  test('leaving a loop does not wait for a generator that is busy', async () => {
    const items = await proxy.stuck();
    await items.next();
    const pending = items.next();
    await sleep(50);
    expect(await within(items.return('enough'), 'return()')).toEqual({ done: true, value: 'enough' });
    expect(await within(pending, 'next()')).toEqual({ done: true, value: undefined });
  });

  test('return() before the first item, in between and after the end', async () => {
    await news();
    const unstarted = await proxy.counted();
    expect(await unstarted.return('R')).toEqual({ done: true, value: 'R' });
    expect(await unstarted.next()).toEqual({ done: true, value: undefined });
    expect(await news()).toEqual([]);
    const started = await proxy.counted();
    for (let i = 0; i < 10; i++) await started.next();
    expect(await started.return('S')).toEqual({ done: true, value: 'S' });
    expect(await started.return('T')).toEqual({ done: true, value: 'T' });
    expect(await news()).toEqual(['finally']);
    const stubborn = await proxy.stubborn();
    await stubborn.next();
    expect(await stubborn.return('U')).toEqual({ done: false, value: 'not yet' });
    expect(await stubborn.next()).toEqual({ done: true, value: 'U' });
  });

  test('throw() is caught by the generator, which continues', async () => {
    const items = await proxy.catching();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    expect(await items.throw(new RangeError('told'))).toEqual({ done: false, value: 'caught RangeError' });
    expect(await collect(items)).toEqual(['after']);
    const uncaught = await proxy.dialogue();
    await uncaught.next();
    expect(await failure(uncaught.throw(new TypeError('told')))).toBeInstanceOf(TypeError);
    expect(await uncaught.next()).toEqual({ done: true, value: undefined });
    expect(await failure((await proxy.bare(5)).throw(new TypeError('told')))).toBeInstanceOf(TypeError);
  });

  test('next(value) is delivered in step', async () => {
    const items = await proxy.dialogue();
    const told: unknown[] = [];
    for (const value of ['unheard', 'A', undefined, 'C']) told.push((await items.next(value)).value);
    expect(told).toEqual(['0:undefined', '1:A', '2:undefined', '3:C']);
    await items.return(undefined);
  });

  test('next(value) is delivered when several are requested at once', async () => {
    const items = await proxy.dialogue();
    const steps = await Promise.all([items.next(), items.next('A'), items.next('B')]);
    expect(steps.map(({ value }) => value)).toEqual(['0:undefined', '1:A', '2:B']);
    await items.return(undefined);
  });

  test('several next() at once are answered in order, also beyond the end', async () => {
    const items = await proxy.synchronous(150);
    const steps = await Promise.all(Array.from({ length: 152 }, () => items.next()));
    expect(steps.slice(0, 150).map(({ value }) => value)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(steps.slice(150)).toEqual([
      { done: true, value: 'all 150' },
      { done: true, value: undefined },
    ]);
  });

  test('generators within generators, and an iterator within an object', async () => {
    const all: unknown[] = [];
    for await (const inner of proxy.nested()) all.push(await collect(inner));
    expect(all).toEqual([
      [0, 0],
      [1, 10],
      [2, 20],
    ]);
    const { title, rows } = await proxy.page();
    expect([title, await collect(rows)]).toEqual(['page', [0, 1, 2]]);
  });

  test('functions within items can be called', async () => {
    const results: number[] = [];
    for await (const { times } of proxy.functions()) results.push(await times(7));
    expect(results).toEqual([14, 21]);
  });

  test('a signal ends the loop with its reason: while it waits, and while it does not', async () => {
    await news();
    const reason = new Error('enough');
    for (const isBusy of [false, true]) {
      const controller = new AbortController();
      const loop = async (): Promise<void> => {
        for await (const item of proxy.$with({ signal: controller.signal }).ticking()) {
          if (item !== 3) continue;
          if (isBusy) controller.abort(reason);
          else setTimeout(() => controller.abort(reason), 1);
          if (isBusy) await sleep(30);
        }
      };
      expect(await failure(within(loop(), 'the loop'))).toBe(reason);
    }
    await untilNoneOpen(proxy);
    await sleep(20);
    expect(await news()).toEqual(['finally', 'finally']);
  });

  test('100,000 items come in order', async () => {
    let next = 0;
    let inOrder = true;
    for await (const item of proxy.numbers(100_000)) inOrder &&= item === next++;
    expect([next, inOrder]).toEqual([100_000, true]);
  });
});
