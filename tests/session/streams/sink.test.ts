import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { Sink } from '../../../src/session/streams/sink.js';
import type { StreamOutcome } from '../../../src/session/streams/source.js';
import { collectGarbage } from '../../support/streams.js';

/** A sink with a window of 8 items that starts with one, and all its messages. */
function sinkOf(options: { closesItself?: boolean; cost?: (item: unknown) => number } = {}) {
  const said: unknown[] = [];
  const waiting: boolean[] = [];
  const sink = new Sink({
    window: 8,
    start: 1,
    cost: options.cost ?? (() => 1),
    closesItself: options.closesItself ?? true,
    onWaiting: (value) => waiting.push(value),
    output: {
      pull: (credit) => said.push(credit),
      step: (method, value) => said.push([method, value]),
      close: (outcome) => said.push(outcome),
    },
  });
  return { sink, said, waiting };
}

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const ok: StreamOutcome = { failed: false, value: undefined };
const failed = (value: unknown): StreamOutcome => ({ failed: true, value });
const item = (value: unknown): IteratorResult<unknown> => ({ done: false, value });
const end = (value?: unknown): IteratorResult<unknown> => ({ done: true, value });
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('Sink', () => {
  test('requests nothing before it is read, and more as reading continues', async () => {
    const { sink, said } = sinkOf();
    const given = (): number => (said as number[]).reduce((sum, credit) => sum + credit, 0);
    let pushed = 0;
    expect(said).toEqual([]);
    for (let i = 0; i < 20; i++) {
      const next = sink.next();
      // Everything that was requested arrives together.
      while (given() > i && pushed < given()) sink.push([pushed++], 'items');
      expect(await next).toEqual(item(i));
    }
    expect(said.slice(0, 3)).toEqual([1, 2, 4]);
    expect(Math.max(...(said as number[]))).toBeLessThanOrEqual(8);
    expect(given() - 20).toBeLessThanOrEqual(8);
  });

  test('requests take items in order, whether they wait or come later', async () => {
    const { sink } = sinkOf();
    const first = [sink.next(), sink.next()];
    sink.push(['a', 'b', 'c'], 'items');
    expect(await Promise.all([...first, sink.next()])).toEqual([item('a'), item('b'), item('c')]);
  });

  test('the end comes after the items, and gives its value once', async () => {
    const { sink, said } = sinkOf();
    const first = sink.next();
    sink.push(['a', 'b'], 'items');
    sink.end({ failed: false, value: 'all' });
    expect(await first).toEqual(item('a'));
    expect([await sink.next(), await sink.next(), await sink.next()]).toEqual([item('b'), end('all'), end()]);
    expect(said.filter((entry) => typeof entry !== 'number')).toEqual([ok]);
  });

  test('only the first request gets a failure', async () => {
    const { sink } = sinkOf();
    const two = [failure(sink.next()), failure(sink.next())];
    sink.end(failed('broke'));
    expect(await Promise.all(two)).toEqual(['broke', 'no failure']);
    const later = sinkOf().sink;
    later.end(failed('broke'));
    expect(await failure(later.next())).toBe('broke');
    expect(await later.next()).toEqual(end());
  });

  test('when it fails here, waiting requests and the source get the reason', async () => {
    const { sink, said } = sinkOf();
    const next = failure(sink.next());
    sink.fail('crashed');
    expect(await next).toBe('crashed');
    expect(said.at(-1)).toEqual(failed('crashed'));
    expect(await sink.next()).toEqual(end());
  });

  test('when it fails here while no request waits, the next request gets the reason', async () => {
    for (const way of ['fail', 'close'] as const) {
      const { sink } = sinkOf();
      const first = sink.next();
      sink.push(['a', 'b'], 'items');
      await first;
      if (way === 'fail') sink.fail('crashed');
      else sink.close(failed('crashed'));
      expect(await failure(sink.next())).toBe('crashed');
      expect(await sink.next()).toEqual(end());
    }
  });

  test('closing it ends waiting requests, and drops items that still arrive', async () => {
    const { sink, said } = sinkOf();
    const next = sink.next();
    sink.close(ok);
    sink.close(ok);
    expect(await next).toEqual(end());
    sink.push(['late'], 'items');
    expect(await sink.next()).toEqual(end());
    expect(said).toEqual([1, ok]);
  });

  test('a sink that does not close itself waits for its owner', () => {
    const { sink, said } = sinkOf({ closesItself: false });
    sink.end(ok);
    expect(said).toEqual([]);
    sink.close(failed('late'));
    expect(said).toEqual([failed('late')]);
  });

  test('a step drops held items, and gets its own answer', async () => {
    const { sink, said } = sinkOf();
    const first = sink.next();
    sink.push(['a', 'b'], 'items');
    await first;
    const step = sink.step('throw', 'why');
    sink.push(['made before it was heard'], 'items');
    sink.push(['answer'], 'answer');
    expect(await step).toEqual(item('answer'));
    expect(said.at(-1)).toEqual(['throw', 'why']);
    const last = sink.step('return', 'R');
    sink.end({ failed: false, value: 'R' });
    expect(await last).toEqual(end('R'));
  });

  test('a return() that crossed a failure does not get that failure', async () => {
    const { sink } = sinkOf();
    const first = sink.next();
    sink.push(['a'], 'items');
    await first;
    const step = sink.step('return', 'R');
    sink.end(failed('before it was heard'));
    expect(await failure(step)).toBe('no failure');
  });

  test('receiving more than was requested is a violation, except for the last item', () => {
    const { sink } = sinkOf();
    void sink.next();
    // An excess of up to a window is tolerated, since the last item may be larger than the credit.
    expect(() => sink.push(Array.from({ length: 30 }), 'items')).toThrow(ProtocolError);
    const large = sinkOf({ cost: () => 1000 }).sink;
    void large.next();
    large.push(['large'], 'items');
    expect(() => large.push(['another'], 'items')).toThrow(ProtocolError);
  });

  test('holds no more memory for a consumer that is always behind', async () => {
    const { sink, said } = sinkOf();
    let given = 0;
    let pushed = 0;
    let before = 0;
    for (let n = 0; n < 400_000; n++) {
      const next = sink.next();
      for (given = (said as number[]).splice(0).reduce((sum, credit) => sum + credit, given); pushed < given; pushed++)
        sink.push([pushed], 'items');
      if (n % 1000 === 0) await next;
      if (n === 40_000) before = heap();
    }
    expect(heap() - before).toBeLessThan(1_000_000);
    // The array was still in use.
    expect(await sink.next()).toEqual(item(400_000));
  });

  test('an answer that was not requested is a violation', () => {
    expect(() => sinkOf().sink.push(['x'], 'answer')).toThrow(ProtocolError);
  });

  test('reports whether a request waits', async () => {
    const { sink, waiting } = sinkOf();
    const next = sink.next();
    expect(waiting.at(-1)).toBe(true);
    sink.push(['a'], 'items');
    await next;
    expect(waiting.at(-1)).toBe(false);
    const last = sink.next();
    expect(waiting.at(-1)).toBe(true);
    sink.end(ok);
    await last;
    expect(waiting.at(-1)).toBe(false);
  });
});
