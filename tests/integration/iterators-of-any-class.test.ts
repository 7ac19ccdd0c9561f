import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type ProcxyControls } from 'procxy';
import { Cursors } from '../fixtures/cursors.js';
import { collect, failure, outcomeOf, settings, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/cursors.js';
type Items = Promise<AsyncGenerator<unknown, unknown, unknown>> & AsyncIterable<unknown>;

interface RemoteCursors extends ProcxyControls<Cursors> {
  takeLog(): Promise<string[]>;
  rows(count: number): Items;
  entries(): Items;
  matches(): Items;
  literal(): Items;
  nested(): Promise<{ title: string; rows: AsyncIterable<unknown> }>;
  list(): Promise<unknown>;
  take(items: unknown, limit?: number): Promise<unknown[]>;
  ignore(items: unknown): Promise<string>;
  promises(kind: 'promised' | 'returned' | 'thenable' | 'asynchronous'): Items;
  rejected(): Items;
  stepping(): Items;
  rejecting(): Items;
}

describe.each(settings)('in $serialization mode on the channel $channel', (options) => {
  let proxy: RemoteCursors;
  beforeAll(async () => {
    proxy = (await procxy(Cursors, module, options)) as unknown as RemoteCursors;
  });
  afterEach(() => untilNoneOpen(proxy, true));
  afterAll(() => proxy.$terminate());

  const closed = async (...expected: string[]): Promise<void> =>
    expect(await within(untilLogged(expected.length), 'its close')).toEqual(expected);

  async function untilLogged(count: number): Promise<string[]> {
    const log: string[] = [];
    while (log.length < count) log.push(...(await proxy.takeLog()));
    return log;
  }

  describe('an iterator that is not a generator', () => {
    test('is iterated over, as a result', async () => {
      expect(await collect(proxy.rows(100))).toEqual(Array.from({ length: 100 }, (_, id) => ({ id })));
      expect(await proxy.takeLog()).toEqual(['opened']);
      expect(await collect(proxy.entries())).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
      expect((await collect(proxy.matches())).map(String)).toEqual(['one', 'two']);
      const { title, rows } = await proxy.nested();
      expect([title, await collect(rows)]).toEqual(['rows', [{ id: 0 }, { id: 1 }]]);
      await proxy.takeLog();
    });

    test('may be a plain object', async () => {
      const items = await proxy.literal();
      expect([await items.next(), await items.next(), await items.next(), await items.next()]).toEqual([
        { done: false, value: 3 },
        { done: false, value: 2 },
        { done: false, value: 1 },
        { done: true, value: 'end' },
      ]);
    });

    test('is closed when its reader stops', async () => {
      for await (const row of proxy.rows(1000)) {
        expect(row).toEqual({ id: 0 });
        break;
      }
      await closed('opened', 'closed');
      for await (const _ of proxy.literal()) break;
      await closed('literal closed');
    });

    test('is closed even if its reader has not begun', async () => {
      await (await proxy.rows(3)).return(undefined);
      await closed('opened', 'closed');
    });

    test('is iterated over, as an argument, and closed where the method stops', async () => {
      const log: string[] = [];
      class Cursor {
        #at = 0;
        next(): IteratorResult<number> {
          return { done: this.#at === 5, value: this.#at++ };
        }
        return(value: unknown): IteratorResult<number> {
          log.push('closed');
          return { done: true, value };
        }
        [Symbol.iterator](): this {
          return this;
        }
      }
      expect(await proxy.take(new Cursor())).toEqual([0, 1, 2, 3, 4]);
      expect(await proxy.take(new Set(['x', 'y']).values())).toEqual(['x', 'y']);
      expect(log).toEqual([]);
      expect(await proxy.take(new Cursor(), 2)).toEqual([0, 1]);
      expect(log).toEqual(['closed']);
    });

    test('has one reader', async () => {
      const items = new Set(['x']).values();
      await proxy.take(items);
      expect(await failure(proxy.take(items))).toMatchObject({ name: 'SerializationError', path: 'args[0]' });
    });
  });

  test('an object whose `next` is not a method is data', async () => {
    expect(await proxy.list()).toEqual({ value: 1, next: { value: 2, next: null } });
  });

  describe('an item that is a promise', () => {
    test('is awaited, as `for await` does', async () => {
      expect(await collect(proxy.promises('promised'))).toEqual([1, 2, 3]);
      expect(await collect(proxy.promises('thenable'))).toEqual(['then']);
      expect(await collect(proxy.promises('asynchronous'))).toEqual([1, 2, 3]);
      const items = await proxy.promises('returned');
      for (const value of [1, 2, 3]) expect(await items.next()).toEqual({ done: false, value });
      expect(await items.next()).toEqual({ done: true, value: 4 });
    });

    test('is awaited in the arguments too', async () => {
      function* promised(): Generator<unknown> {
        yield Promise.resolve('a');
        yield new Promise((resolve) => setTimeout(() => resolve('b'), 5));
        yield 'c';
      }
      expect(await proxy.take(promised())).toEqual(['a', 'b', 'c']);
      expect(await proxy.take([Promise.resolve('in a list')].values())).toEqual(['in a list']);
    });

    test('fails the iteration when it is rejected, after the items before it, and the generator is closed', async () => {
      expect(await outcomeOf(proxy.rejected())).toMatchObject({
        items: [1],
        error: { name: 'RangeError', message: 'the second' },
      });
      await closed('finally');
      const log: string[] = [];
      function* rejected(): Generator<unknown> {
        try {
          yield 'a';
          yield Promise.reject(new SyntaxError('in the parent'));
        } finally {
          log.push('finally');
        }
      }
      expect(await failure(proxy.take(rejected()))).toMatchObject({ name: 'SyntaxError', message: 'in the parent' });
      expect(log).toEqual(['finally']);
    });

    test('is awaited in step', async () => {
      const items = await proxy.stepping();
      expect(await items.next()).toEqual({ done: false, value: 'first' });
      expect(await items.next('a word')).toEqual({ done: false, value: 'told a word' });
      expect(await items.throw('x')).toEqual({ done: false, value: 'caught x' });
      expect(await items.next()).toEqual({ done: true, value: 'end' });
      const rejecting = await proxy.rejecting();
      await rejecting.next();
      expect(await failure(rejecting.next('a word'))).toMatchObject({ name: 'RangeError', message: 'a step' });
      expect(await rejecting.next()).toEqual({ done: true, value: undefined });
    });
  });
});
