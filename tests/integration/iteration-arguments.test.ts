import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type ProcxyControls } from 'procxy';
import { Iterating } from '../fixtures/iterating.js';
import { collect, failure, modes, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/iterating.js';
type Iteration = AsyncIterable<unknown> | Iterable<unknown>;

interface RemoteIterating extends ProcxyControls<Iterating> {
  collect(items: Iteration, limit?: number): Promise<unknown[]>;
  collectInner(list: { inner: Iteration }[]): Promise<unknown[]>;
  drive(items: Iteration): Promise<unknown[]>;
  twice(items: Iteration): Promise<unknown[]>;
  failureOf(items: Iteration): Promise<{ seen: unknown[]; error?: Error }>;
  collectFrom(make: () => Iteration | Promise<Iteration>): Promise<unknown[]>;
  giveTo(take: (items: AsyncIterable<unknown>) => unknown): Promise<unknown>;
  numbers(count: number): Promise<AsyncGenerator<unknown>>;
  number(): Promise<number>;
}

describe.each(modes)('an argument is iterated over in the child, in %s mode', (serialization) => {
  let proxy: RemoteIterating;
  let ran: string[] = [];
  beforeAll(async () => {
    proxy = (await procxy(Iterating, module, { serialization, enableCallbacks: true })) as unknown as RemoteIterating;
  });
  afterAll(async () => {
    await untilNoneOpen(proxy, true);
    await proxy.$terminate();
  });

  async function* numbers(count: number): AsyncGenerator<unknown, unknown, unknown> {
    ran = [];
    try {
      for (let i = 0; i < count; i++) yield i;
      return 'all';
    } finally {
      ran.push('finally');
    }
  }

  test('generators of both kinds, an object and an instance', async () => {
    expect(await proxy.collect(numbers(4))).toEqual([0, 1, 2, 3]);
    expect(await proxy.collect(numbers(0))).toEqual([]);
    const synchronous = function* (): Generator<unknown> {
      yield* ['a', 'b'];
    };
    expect(await proxy.collect(synchronous())).toEqual(['a', 'b']);
    const object = { [Symbol.asyncIterator]: () => numbers(2) };
    expect(await proxy.collect(object)).toEqual([0, 1]);
    class Own {
      count = 3;
      [Symbol.asyncIterator](): AsyncGenerator<unknown> {
        return numbers(this.count);
      }
    }
    expect(await proxy.collect(new Own())).toEqual([0, 1, 2]);
  });

  test('an array stays an array', async () => {
    expect(await proxy.collect([1, 2])).toEqual([1, 2]);
  });

  test('nothing runs before an item is requested', async () => {
    let iterated = 0;
    const lazy = {
      [Symbol.asyncIterator]: () => {
        iterated++;
        return numbers(1);
      },
    };
    expect(await proxy.collectInner([{ inner: lazy }, { inner: numbers(1) }])).toEqual([[0], [0]]);
    expect(iterated).toBe(1);
    expect(await proxy.number.call(proxy)).toBe(5);
  });

  test('a loop that the child leaves runs `finally` here', async () => {
    expect(await proxy.collect(numbers(1000), 3)).toEqual([0, 1, 2]);
    expect(ran).toEqual(['finally']);
  });

  test('the child calls its methods by hand', async () => {
    const heard: unknown[] = [];
    async function* talking(): AsyncGenerator<unknown, void, unknown> {
      try {
        try {
          heard.push(yield 1);
          heard.push(yield 2);
        } catch (error) {
          heard.push((error as Error).name);
          yield 'caught';
        }
      } finally {
        heard.push('finally');
      }
    }
    const steps = await proxy.drive(talking());
    expect(steps).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 'caught' },
      { done: true, value: 'C' },
      { done: true, value: undefined },
    ]);
    expect(heard).toEqual(['A', 'RangeError', 'finally']);
  });

  test('an error arrives in its place among the items', async () => {
    async function* failing(): AsyncGenerator<unknown> {
      yield 1;
      throw Object.assign(new RangeError('mine'), { code: 'E_MINE' });
    }
    const { seen, error } = await proxy.failureOf(failing());
    expect(seen).toEqual([1]);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'mine', code: 'E_MINE' });
    const failsToBegin: AsyncIterable<unknown> = {
      [Symbol.asyncIterator](): never {
        throw new TypeError('cannot begin');
      },
    };
    expect((await proxy.failureOf(failsToBegin)).error).toMatchObject({ name: 'TypeError', message: 'cannot begin' });
  });

  test('an item that cannot cross ends it', async () => {
    async function* symbols(): AsyncGenerator<unknown> {
      try {
        yield 1;
        yield Symbol('none');
        yield 3;
      } finally {
        ran = ['finally'];
      }
    }
    ran = [];
    const { seen, error } = await proxy.failureOf(symbols());
    expect(seen).toEqual([1]);
    expect(error?.name).toBe('SerializationError');
    expect(ran).toEqual(['finally']);
  });

  test('it can be iterated only once: the second time it is finished, like a generator', async () => {
    expect(await proxy.twice({ [Symbol.asyncIterator]: () => numbers(2) })).toEqual([[0, 1], []]);
  });

  test('an iterator that a call contains twice is one object there', async () => {
    const inner = numbers(3);
    expect(await proxy.collectInner([{ inner }, { inner }])).toEqual([[0, 1, 2], []]);
  });

  test('an iterator in two calls is refused, and loses no items', async () => {
    const items = numbers(3);
    const first = proxy.collect(items);
    expect(await failure(proxy.collect(items))).toBeInstanceOf(SerializationError);
    expect(await first).toEqual([0, 1, 2]);
  });

  test('the result of a method of the proxy is passed on', async () => {
    expect(await proxy.collect((await proxy.numbers(3)) as Iteration)).toEqual([0, 1, 2]);
  });

  test('a promise of anything else is still refused', async () => {
    const promise = proxy.number() as unknown as Iteration;
    expect(await failure(proxy.collect(promise))).toBeInstanceOf(SerializationError);
  });

  test('a callback returns an iterator, and takes one', async () => {
    expect(await proxy.collectFrom(() => numbers(3))).toEqual([0, 1, 2]);
    expect(await proxy.collectFrom(async () => numbers(2))).toEqual([0, 1]);
    expect(await proxy.giveTo((items) => collect(items))).toEqual([0, 1, 2, 3]);
  });

  test('a call that cannot be sent does not touch its iterators', async () => {
    let begun = false;
    const items = {
      [Symbol.asyncIterator]: () => {
        begun = true;
        return numbers(1);
      },
    };
    expect(await failure(proxy.collectInner([{ inner: items }, Symbol('none') as never]))).toBeInstanceOf(
      SerializationError,
    );
    expect(begun).toBe(false);
    expect(await proxy.collect(items)).toEqual([0]);
  });

  test('100,000 items come in order', async () => {
    const all = await within(proxy.collect(numbers(100_000)), 'collect()', 30_000);
    expect(all).toHaveLength(100_000);
    expect(all.every((item, index) => item === index)).toBe(true);
  });
});
