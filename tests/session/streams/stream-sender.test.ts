import { describe, expect, test } from 'vitest';
import { streamPair } from '../../support/stream-pair.js';
import { collect, outcomeOf } from '../../support/streams.js';
import { Readable } from 'node:stream';

const mark = { type: 'stream-data', streamId: 2, items: [] };

describe('StreamSender', () => {
  test('sends items by the channel, together if they are made in one turn', async () => {
    const pair = streamPair({ items: () => Array.from({ length: 200 }, (_, n) => n).values() }, true);
    expect(await collect((await pair.call('items')) as AsyncIterable<number>)).toHaveLength(200);
    const data = pair.sent.filter(({ type }) => type === 'stream-data');
    expect(data.length).toBeLessThan(60);
    expect(pair.aside).toEqual([]);
  });

  test('sends bytes and the end of their stream by the lane, or as base64 without one', async () => {
    const bytes = (): Readable => Readable.from(['one'], { objectMode: false });
    const fast = streamPair({ bytes }, true);
    await collect((await fast.call('bytes')) as Readable);
    expect(fast.aside).toEqual(['one', { type: 'stream-end', streamId: 2, result: 'success' }]);
    expect(new Set(fast.sent.map(({ type }) => type))).toEqual(new Set(['stream-pull', 'stream-close']));
    const slow = streamPair({ bytes }, false);
    expect(await collect((await slow.call('bytes')) as Readable)).toEqual([Buffer.from('one')]);
    expect(slow.sent).toContainEqual({ type: 'stream-data', streamId: 2, items: [], bytes: 'b25l' });
  });

  test('sends objects among chunks by the channel, with marks on the lane to keep the order', async () => {
    const chunks = ['text', Buffer.from('bytes'), { an: 'object' }, Buffer.from('more'), 1];
    const pair = streamPair({ web: () => ReadableStream.from(chunks) }, true);
    const arrived = (await collect((await pair.call('web')) as ReadableStream)).map((chunk) =>
      chunk instanceof Uint8Array ? Buffer.from(chunk) : chunk,
    );
    expect(arrived).toEqual(chunks);
    expect(pair.aside).toEqual([
      { ...mark, items: ['text'] },
      'bytes',
      mark,
      'more',
      { ...mark, items: [1] },
      { type: 'stream-end', streamId: 2, result: 'success' },
    ]);
    expect(pair.sent).toContainEqual({ ...mark, items: [{ an: 'object' }] });
  });

  test('an error goes by the channel, with a mark behind the bytes', async () => {
    const failing = (): Readable =>
      Readable.from(
        (function* () {
          yield 'one';
          throw new RangeError('broken');
        })(),
        { objectMode: false },
      );
    const pair = streamPair({ failing }, true);
    expect(await outcomeOf((await pair.call('failing')) as Readable)).toMatchObject({
      items: [Buffer.from('one')],
      error: { message: 'broken' },
    });
    expect(pair.aside).toEqual(['one', mark]);
    expect(pair.sent).toContainEqual(expect.objectContaining({ type: 'stream-end', result: 'error' }));
  });

  test('an item that cannot cross ends the stream, after the items before it', async () => {
    for (const lane of [false, true]) {
      const items = [1, 2, Symbol('no'), 3];
      const pair = streamPair({ items: () => items.values(), web: () => ReadableStream.from(items) }, lane);
      for (const kind of ['items', 'web']) {
        const outcome = await outcomeOf((await pair.call(kind)) as AsyncIterable<unknown>);
        expect(outcome).toMatchObject({ items: [1, 2], error: { name: 'SerializationError', path: 'item' } });
      }
      await pair.untilNoneOpen();
      expect(pair.violations).toEqual([]);
    }
  });

  test('an end before any request uses only the channel', async () => {
    const pair = streamPair({ destroyed: () => new Readable({ read() {} }).destroy() }, true);
    await pair.call('destroyed');
    await pair.untilNoneOpen();
    expect(pair.aside).toEqual([]);
    expect(pair.sent).toContainEqual(expect.objectContaining({ type: 'stream-end', unasked: true }));
  });
});
