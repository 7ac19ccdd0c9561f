import { describe, expect, test } from 'vitest';
import { RemoteIterator } from '../../../src/session/streams/remote-iterator.js';
import { Sink } from '../../../src/session/streams/sink.js';
import { failure } from '../../support/streams.js';

function iteratorOf() {
  const said: unknown[] = [];
  const sink = new Sink({
    window: 8,
    start: 1,
    cost: () => 1,
    closesItself: true,
    onWaiting: () => {},
    output: {
      pull: (credit) => said.push(credit),
      step: (method, value) => said.push([method, value]),
      close: (outcome) => said.push(outcome),
    },
  });
  return { iterator: new RemoteIterator(sink), sink, said };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const item = (value: unknown): object => ({ done: false, value });

describe('RemoteIterator', () => {
  test('pulls items if no values are passed, and ignores the first value', async () => {
    const { iterator, sink, said } = iteratorOf();
    const first = iterator.next('ignored');
    sink.push(['a'], 'items');
    expect([await first, said]).toEqual([item('a'), [1]]);
  });

  test('runs in lockstep from the first value on', async () => {
    const { iterator, sink, said } = iteratorOf();
    const first = iterator.next();
    sink.push(['a'], 'items');
    await first;
    const second = iterator.next('x');
    await turn();
    sink.push(['b'], 'answer');
    expect([await second, said.at(-1)]).toEqual([item('b'), ['next', 'x']]);
    void iterator.next();
    await turn();
    expect(said.at(-1)).toEqual(['next', undefined]);
  });

  test('refuses a value that comes too late, without losing items', async () => {
    const { iterator, sink } = iteratorOf();
    const first = iterator.next();
    sink.push(['a'], 'items');
    await first;
    const second = iterator.next();
    sink.push(['b', 'c'], 'items');
    await second;
    expect(await failure(iterator.next('late'))).toMatchObject({ name: 'TypeError' });
    expect(await iterator.next()).toEqual(item('c'));
  });

  test('return() and throw() run on the other side, and behave as on any finished iterator after the end', async () => {
    const { iterator, sink, said } = iteratorOf();
    const returned = iterator.return('R');
    await turn();
    expect(said).toEqual([['return', 'R']]);
    sink.end({ failed: false, value: 'R' }, true);
    expect(await returned).toEqual({ done: true, value: 'R' });
    expect(await iterator.return('S')).toEqual({ done: true, value: 'S' });
    expect(await failure(iterator.throw(new RangeError('late')))).toMatchObject({ message: 'late' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('follows a signal, and rejects pending requests with its reason', async () => {
    const { iterator, said } = iteratorOf();
    const controller = new AbortController();
    iterator.follow(controller.signal);
    const next = failure(iterator.next());
    controller.abort('enough');
    expect(await next).toBe('enough');
    expect(said.at(-1)).toEqual({ failed: true, value: 'enough' });
  });
});
