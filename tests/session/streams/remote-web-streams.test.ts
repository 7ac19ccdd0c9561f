import { expect, test } from 'vitest';
import { remoteReadableStream, remoteWritableStream } from '../../../src/session/streams/remote-web-streams.js';
import { Sink } from '../../../src/session/streams/sink.js';
import { WriteQueue } from '../../../src/session/streams/write-queue.js';
import { collect, failure, within } from '../../support/streams.js';

function sinkOf() {
  const said: unknown[] = [];
  const output = {
    pull: (credit: number) => void said.push(credit),
    step: () => {},
    close: (outcome: unknown) => void said.push(outcome),
  };
  const sink = new Sink({ window: 100, start: 100, cost: () => 1, closesItself: true, onWaiting: () => {}, output });
  return { sink, said };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the stand-in for a ReadableStream pulls when it is read, and cancels with the reason', async () => {
  const { sink, said } = sinkOf();
  const stream = remoteReadableStream(sink);
  await turn();
  expect(said).toEqual([]);
  const items = collect(stream);
  await turn();
  sink.push(['a', 'b'], 'items');
  sink.end({ failed: false, value: undefined });
  expect(await items).toEqual(['a', 'b']);
  const other = sinkOf();
  await remoteReadableStream(other.sink).cancel('enough');
  expect(other.said).toEqual([{ failed: true, value: 'enough' }]);
});

test('a failure reaches a reader that only waits, after the held items', async () => {
  const waiting = sinkOf();
  const { closed } = remoteReadableStream(waiting.sink).getReader();
  waiting.sink.end({ failed: true, value: 'broken' });
  expect(await within(failure(closed), 'closed')).toBe('broken');
  const held = sinkOf();
  const reader = remoteReadableStream(held.sink).getReader();
  const first = reader.read();
  await turn();
  held.sink.push(['a', 'b'], 'items');
  held.sink.end({ failed: true, value: 'broken' });
  expect([await first, await reader.read(), await failure(reader.read())]).toEqual([
    { done: false, value: 'a' },
    { done: false, value: 'b' },
    'broken',
  ]);
});

test('the stand-in for a WritableStream closes after the other side has, and aborts with the reason', async () => {
  const queue = new WriteQueue(() => {});
  const writer = remoteWritableStream(queue).getWriter();
  const written = writer.write('a');
  expect(await queue.next()).toEqual({ done: false, value: 'a' });
  queue.sent();
  await written;
  const closed = writer.close();
  expect(await queue.next()).toEqual({ done: true, value: undefined });
  queue.close({ failed: true, value: 'no room' }, false);
  expect(await failure(closed)).toMatchObject({ cause: 'no room' });

  const aborted = new WriteQueue(() => {});
  const reasons: unknown[] = [];
  aborted.onFail((reason) => reasons.push(reason));
  await remoteWritableStream(aborted).abort('enough');
  expect(reasons).toEqual(['enough']);

  const early = new WriteQueue(() => {});
  const other = remoteWritableStream(early).getWriter();
  early.close({ failed: true, value: new RangeError('broken') }, true);
  expect(await within(failure(other.closed), 'closed')).toMatchObject({ message: 'broken' });
});
