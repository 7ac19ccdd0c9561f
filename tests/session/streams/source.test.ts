import { describe, expect, test } from 'vitest';
import { Source, type StreamOutcome, type Producer } from '../../../src/session/streams/source.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A source with the items of a generator, and all its messages. */
function sourceOf(
  items: Iterator<unknown> | AsyncIterator<unknown>,
  producer: Partial<Producer> = {},
  split?: (item: unknown, credit: number) => [unknown, unknown],
) {
  const said: unknown[] = [];
  let made = 0;
  const source = new Source({
    producer: {
      next() {
        made++;
        return items.next();
      },
      step: async (method, value) => (await items[method]?.(value)) ?? { done: true, value },
      close: (outcome, early) => void said.push(['closed', outcome, early]),
      ...producer,
    },
    cost: (item) => (typeof item === 'string' ? item.length : 1),
    window: 1000,
    split,
    isStable: (item) => typeof item !== 'object',
    output: {
      data: (batch, answer, whole) => {
        said.push(answer ? ['answer', ...batch] : batch);
        for (let n = 0; n < whole; n++) producer.sent?.();
      },
      end: (outcome) => void said.push(outcome),
    },
  });
  return { source, said, made: () => made };
}

const ok: StreamOutcome = { failed: false, value: undefined };
const failed = (value: unknown): StreamOutcome => ({ failed: true, value });

function* numbers(count = Infinity): Generator<unknown, unknown, unknown> {
  for (let i = 0; i < count; i++) yield i;
  return 'all';
}

describe('Source', () => {
  test('makes no items before it is asked, and no more than it has credit for', async () => {
    const { source, said, made } = sourceOf(numbers());
    await turn();
    expect(made()).toBe(0);
    source.pull(3);
    await turn();
    expect([made(), said]).toEqual([3, [[0, 1, 2]]]);
    source.pull(1);
    source.pull(1);
    await turn();
    expect([made(), said]).toEqual([
      5,
      [
        [0, 1, 2],
        [3, 4],
      ],
    ]);
  });

  test('exceeds its credit by at most one item, which counts against the next credit', async () => {
    const { source, made } = sourceOf(['aaaaa', 'b', 'c'].values());
    source.pull(2);
    await turn();
    expect(made()).toBe(1);
    source.pull(3);
    await turn();
    expect(made()).toBe(1);
    source.pull(1);
    await turn();
    expect(made()).toBe(2);
  });

  test('an item that can be split never exceeds the credit, and counts as sent with its last part', async () => {
    let sent = 0;
    const split = (item: unknown, credit: number): [unknown, unknown] => [
      String(item).slice(0, credit),
      String(item).slice(credit),
    ];
    const { source, said, made } = sourceOf(['aaaaa', 'b', 'cc'].values(), { sent: () => void sent++ }, split);
    source.pull(3);
    await turn();
    expect([made(), said, sent]).toEqual([1, [['aaa']], 0]);
    source.pull(1);
    source.pull(2);
    await turn();
    expect([made(), said.flat(), sent]).toEqual([2, ['aaa', 'a', 'a', 'b'], 2]);
    source.pull(10);
    await turn();
    expect([said.flat().slice(4), sent]).toEqual([['cc', ok], 3]);
  });

  test('items that are made in one turn travel together, before the end', async () => {
    const { source, said } = sourceOf(numbers(3));
    source.pull(10);
    await turn();
    expect(said).toEqual([[0, 1, 2], { failed: false, value: 'all' }]);
  });

  test('a failure is sent after the items before it', async () => {
    const error = new Error('broke');
    async function* failing(): AsyncGenerator<unknown> {
      yield 1;
      throw error;
    }
    const { source, said } = sourceOf(failing());
    source.pull(10);
    await turn();
    expect(said.flat()).toEqual([1, failed(error)]);
  });

  test('closing it ends it once, and tells the producer that this was early', async () => {
    const { source, said, made } = sourceOf(numbers());
    source.pull(2);
    await turn();
    source.close(failed('enough'));
    source.close(ok);
    source.fail('too late');
    source.pull(5);
    await turn();
    expect(said).toEqual([[0, 1], ok, ['closed', failed('enough'), true]]);
    expect(made()).toBe(2);
  });

  test('closing it after its end is not early', async () => {
    const { source, said } = sourceOf(numbers(0));
    source.pull(1);
    await turn();
    source.close(ok);
    expect(said).toEqual([{ failed: false, value: 'all' }, ['closed', ok, false]]);
  });

  test('items that were made but not sent are dropped when it fails', async () => {
    const { source, said } = sourceOf(numbers());
    source.pull(2);
    source.fail('cannot be sent');
    await turn();
    expect(said).toEqual([failed('cannot be sent'), ['closed', failed('cannot be sent'), true]]);
  });

  test('steps are answered in order, and withdraw the credit', async () => {
    async function* dialogue(): AsyncGenerator<unknown, unknown, unknown> {
      let told: unknown;
      for (;;) told = yield `told ${String(told)}`;
    }
    const { source, said } = sourceOf(dialogue());
    source.step('next', 'unheard');
    source.step('next', 'A');
    await turn();
    expect(said).toEqual([
      ['answer', 'told undefined'],
      ['answer', 'told A'],
    ]);
    source.step('return', 'R');
    await turn();
    expect(said.at(-1)).toEqual({ failed: false, value: 'R' });
    source.step('next', undefined);
    await turn();
    expect(said).toHaveLength(3);
  });

  test('return() does not wait for a busy producer', async () => {
    const { source, said } = sourceOf({ next: () => new Promise(() => {}), return: () => new Promise(() => {}) });
    source.pull(1);
    await turn();
    source.step('return', 'R');
    await turn();
    expect(said).toEqual([{ failed: false, value: 'R' }]);
  });

  test('an item that is made after the end is dropped', async () => {
    let settle: (result: IteratorResult<unknown>) => void = () => {};
    const { source, said } = sourceOf({ next: () => new Promise((resolve) => (settle = resolve)) });
    source.pull(1);
    source.close(ok);
    settle({ done: false, value: 'late' });
    await turn();
    expect(said).toEqual([ok, ['closed', ok, true]]);
  });
});
