import { describe, expect, test } from 'vitest';
import { RemoteResult } from '../../../src/session/calls/remote-result.js';
import { collect, failure } from '../../support/streams.js';

const resultOf = <T>(value: T): RemoteResult<T> => new RemoteResult((resolve) => setImmediate(resolve, value));

describe('RemoteResult', () => {
  test('is a promise that is never mistaken for an iterator', async () => {
    const result = resultOf([1]);
    expect(result).toBeInstanceOf(Promise);
    for (const name of ['next', 'return', 'throw', Symbol.iterator, Symbol.asyncDispose])
      expect(name in result).toBe(false);
    expect(await result).toEqual([1]);
    await expect(RemoteResult.failed(new RangeError('no'))).rejects.toThrow('no');
  });

  test('promises derived from it are plain promises', () => {
    const result = resultOf(1);
    for (const derived of [result.then(() => {}), result.catch(() => {}), result.finally(() => {})]) {
      expect(Object.getPrototypeOf(derived)).toBe(Promise.prototype);
    }
  });

  test('can be iterated before it arrives: repeatedly for an iterable, once for an iterator', async () => {
    const list = resultOf(['a', 'b']);
    expect([await collect(list), await collect(list)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    async function* numbers(): AsyncGenerator<number> {
      yield* [1, 2, 3];
    }
    const once = resultOf(numbers());
    for await (const number of once) if (number === 2) break;
    expect(await collect(once)).toEqual([]);
  });

  test('passes values, errors and an early end to the iterator', async () => {
    const heard: unknown[] = [];
    function* hearing(): Generator<number, string, unknown> {
      try {
        for (let n = 0; ; n++) heard.push(yield n);
      } catch (error) {
        heard.push(error);
        yield -1;
        return 'end';
      } finally {
        heard.push('finally');
      }
    }
    const items = resultOf(hearing())[Symbol.asyncIterator]();
    expect(await Promise.all([items.next(), items.next('word')])).toEqual([
      { done: false, value: 0 },
      { done: false, value: 1 },
    ]);
    expect(await items.throw?.('error')).toEqual({ done: false, value: -1 });
    expect(await items.return?.('early')).toEqual({ done: true, value: 'early' });
    expect(heard).toEqual(['word', 'error', 'finally']);
  });

  test('does what yield* does if the iterator has no return() or throw()', async () => {
    const items = (): AsyncIterator<unknown> =>
      resultOf({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) })[Symbol.asyncIterator]();
    expect(await items().return?.('early')).toEqual({ done: true, value: 'early' });
    expect(await failure(items().throw?.(new RangeError('told')) as Promise<unknown>)).toMatchObject({
      message: 'told',
    });
  });

  test('a loop over a result that is not iterable is a TypeError that says what to do, and a rejection rejects the loop', async () => {
    expect(await failure(collect(resultOf(5)))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining('Await it instead') as string,
    });
    expect(await failure(collect(RemoteResult.failed(new RangeError('call'))))).toMatchObject({ message: 'call' });
  });
});
