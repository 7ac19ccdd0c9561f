import { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { TerminatedError } from '../../../src/errors.js';
import { remoteDuplex, remoteReadable, remoteWritable } from '../../../src/session/streams/remote-streams.js';
import { Sink } from '../../../src/session/streams/sink.js';
import type { StreamOutcome } from '../../../src/session/streams/source.js';
import { WriteQueue } from '../../../src/session/streams/write-queue.js';
import { collect, failure, within } from '../../support/streams.js';

const ok: StreamOutcome = { failed: false, value: undefined };
const broken: StreamOutcome = { failed: true, value: new RangeError('broken') };
const objects = { objectMode: true };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function sinkOf() {
  const said: unknown[] = [];
  const sink = new Sink({
    window: 100,
    start: 100,
    cost: () => 1,
    closesItself: true,
    onWaiting: () => {},
    output: {
      pull: (credit) => said.push(credit),
      step: () => {},
      close: (outcome) => said.push(outcome),
    },
  });
  return { sink, said };
}

const queueOf = (): WriteQueue => new WriteQueue(() => {});

describe('the stand-in for a readable stream', () => {
  test('pulls when it is read, and ends after the items', async () => {
    const { sink, said } = sinkOf();
    const stream = remoteReadable(sink, objects);
    await turn();
    expect(said).toEqual([]);
    const items = collect(stream);
    await turn();
    sink.push(['a', 'b'], 'items');
    sink.end(ok);
    expect(await items).toEqual(['a', 'b']);
  });

  test('fails after the items before the failure', async () => {
    const { sink } = sinkOf();
    const stream = remoteReadable(sink, objects);
    const seen: unknown[] = [];
    stream.on('data', (item) => seen.push(item));
    const end = failure(finished(stream));
    await turn();
    sink.push(['a'], 'items');
    sink.end(broken);
    expect([await end, seen]).toEqual([broken.value, ['a']]);
  });

  test('reports an end or a failure to listeners, now or when they are added', async () => {
    for (const [outcome, expected] of [
      [ok, undefined],
      [broken, broken.value],
    ] as const) {
      const early = sinkOf();
      const heard = failure(finished(remoteReadable(early.sink, objects)));
      early.sink.end(outcome);
      expect(await within(heard, 'early')).toBe(expected);
      const late = sinkOf();
      const stream = remoteReadable(late.sink, objects);
      late.sink.end(outcome);
      await turn();
      expect(stream.destroyed).toBe(false);
      expect(await within(failure(finished(stream)), 'late')).toBe(expected);
    }
  });

  test('leaves reporting the end to reading if that has begun', async () => {
    const { sink } = sinkOf();
    const stream = remoteReadable(sink, objects);
    sink.end(ok);
    const both = Promise.all([finished(stream), collect(stream)]);
    expect((await within(both, 'both'))[1]).toEqual([]);
  });

  test('reports to the other side why it was destroyed', () => {
    const { sink, said } = sinkOf();
    const error = new Error('enough');
    remoteReadable(sink, objects)
      .on('error', () => {})
      .destroy(error);
    expect(said).toEqual([{ failed: true, value: error }]);
  });
});

describe('the stand-in for a writable stream', () => {
  const closings: Record<string, [outcome: StreamOutcome, urgency: (stream: Writable) => unknown, expected: unknown]> =
    {
      'ends where its owner has ended it': [ok, (stream) => finished(stream), undefined],
      'keeps a failure until somebody listens': [broken, (stream) => failure(finished(stream)), broken.value],
      'keeps a failure until somebody writes': [
        broken,
        (stream) => new Promise((resolve) => stream.on('error', () => {}).write('x', resolve)),
        broken.value,
      ],
    };
  test.each(Object.entries(closings))('%s', async (_name, [outcome, use, expected]) => {
    const queue = queueOf();
    const stream = remoteWritable(queue, objects);
    queue.close(outcome, true);
    await turn();
    expect(stream.destroyed).toBe(!outcome.failed);
    expect(await within(Promise.resolve(use(stream)), 'its use')).toEqual(expected);
  });

  test('is destroyed without an error if the child has ended and there are no listeners', async () => {
    const [unheard, heard] = [queueOf(), queueOf()];
    const stream = remoteWritable(unheard, objects);
    const error = failure(finished(remoteWritable(heard, objects)));
    const reason = new TerminatedError('over');
    for (const queue of [unheard, heard]) queue.close({ failed: true, value: reason }, true);
    await turn();
    expect([stream.destroyed, stream.errored, await error]).toEqual([true, null, reason]);
  });

  test('finishes when the other side has handled everything', async () => {
    const queue = queueOf();
    const stream = remoteWritable(queue, objects);
    let isFinished = false;
    stream.on('finish', () => (isFinished = true)).end('a');
    expect(await queue.next()).toEqual({ done: false, value: 'a' });
    queue.sent();
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    await turn();
    expect(isFinished).toBe(false);
    queue.close(ok, false);
    await turn();
    expect(isFinished).toBe(true);
  });
});

test('the sides of the stand-in for a duplex stream end separately', async () => {
  const { sink } = sinkOf();
  const queue = queueOf();
  const stream: Duplex = remoteDuplex(sink, queue, objects, objects);
  expect(stream).toBeInstanceOf(Readable);
  queue.close(ok, true);
  await turn();
  expect([stream.writableFinished, stream.destroyed]).toEqual([true, false]);
  const items = collect(stream);
  await turn();
  sink.push(['still read'], 'items');
  sink.end(ok);
  expect(await items).toEqual(['still read']);
});
