import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { ProtocolError, TerminatedError } from '../../../src/errors.js';
import { streamPair } from '../../support/stream-pair.js';
import { collect, failure, within } from '../../support/streams.js';

const text = (...chunks: string[]): Readable => Readable.from(chunks, { objectMode: false });
const read = async (stream: unknown): Promise<string> =>
  Buffer.concat(await collect(stream as AsyncIterable<Buffer>)).toString();

describe.each([false, true])('Streams, with a lane for bytes: %s', (lane) => {
  test('each kind of stream crosses in both directions, and leaves nothing behind', async () => {
    const pair = streamPair(
      {
        items: (items: AsyncIterable<number>) =>
          (async function* () {
            for await (const item of items) yield item * 2;
          })(),
        bytes: (stream: Readable) => stream.pipe(new PassThrough()),
        web: (stream: ReadableStream) => stream,
      },
      lane,
    );
    expect(await collect((await pair.call('items', [1, 2, 3].values())) as AsyncIterable<number>)).toEqual([2, 4, 6]);
    const duplex = await pair.call('bytes', text('one ', 'two'));
    expect(duplex).toBeInstanceOf(Duplex);
    (duplex as Duplex).end();
    expect(await read(duplex)).toBe('one two');
    const web = await pair.call('web', ReadableStream.from([Buffer.from('a'), 'b', { c: 1 }]));
    expect(web).toBeInstanceOf(ReadableStream);
    expect(await collect(web as ReadableStream)).toEqual([new Uint8Array([97]), 'b', { c: 1 }]);
    await pair.untilNoneOpen();
    expect(pair.violations).toEqual([]);
  });

  test('an early end does not overtake the message that exports the stream', async () => {
    const pair = streamPair(
      {
        failed: () => new PassThrough().destroy(new RangeError('early')),
        destroyed: () => new Readable({ read() {} }).destroy(),
        broken: () =>
          new ReadableStream({
            start: (controller) => controller.error(new RangeError('early')),
          }),
      },
      lane,
    );
    const failed = (await pair.call('failed')) as Duplex;
    expect(await within(failure(finished(failed)), 'finished()')).toMatchObject({ message: 'early' });
    const destroyed = (await pair.call('destroyed')) as Readable;
    expect(await within(failure(finished(destroyed)), 'finished()')).toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
    });
    const { closed } = ((await pair.call('broken')) as ReadableStream).getReader();
    expect(await within(failure(closed), 'closed')).toMatchObject({ message: 'early' });
    await pair.untilNoneOpen();
    expect(pair.violations).toEqual([]);
  });

  test('a stream that a message contains twice arrives as one', async () => {
    const pair = streamPair({ both: ({ a, b }: { a: unknown; b: unknown }) => [a === b, a] }, lane);
    const stream = text('x');
    const [same, back] = (await pair.call('both', { a: stream, b: stream })) as [boolean, Readable];
    expect([same, await read(back)]).toEqual([true, 'x']);
  });

  test('a refused message leaves the stream untouched', async () => {
    const pair = streamPair({ take: read }, lane);
    const stream = text('still here');
    expect(await failure(pair.call('take', stream, Symbol('no')))).toMatchObject({ path: 'args[1]' });
    expect(pair.open()).toEqual([0, 0]);
    expect(await pair.call('take', stream)).toBe('still here');
  });

  test('a stream in a message that cannot be read is given back', async () => {
    const pair = streamPair({ take: () => 'never' }, lane);
    const stream = new Readable({ read() {} });
    const closed = new Promise((resolve) => stream.on('close', () => resolve(stream.errored?.message)));
    pair.forge({ type: 'stream-drop', streamId: 1 });
    await pair.call('take', stream);
    expect(await within(closed, 'its end')).toBe('The other process did not accept the stream.');
  });

  test('when the session ends, every stream fails on this side', async () => {
    const pair = streamPair({ endless: () => new Readable({ read() {} }), swallow: () => new Writable() }, lane);
    const reading = failure(collect((await pair.call('endless')) as Readable));
    const writable = (await pair.call('swallow')) as Writable;
    pair.end(new TerminatedError('over'));
    expect(await within(reading, 'reading')).toBeInstanceOf(TerminatedError);
    expect(writable.destroyed).toBe(true);
    expect(pair.open()[0]).toBe(0);
  });

  test('this side is busy exactly while code waits for a stream', async () => {
    const pair = streamPair({ items: () => [1, 2].values() }, lane);
    const items = (await pair.call('items')) as AsyncGenerator<number>;
    expect(pair.busy.at(-1)).toBe(false);
    const next = items.next();
    expect(pair.busy.at(-1)).toBe(true);
    await next;
    expect(pair.busy.at(-1)).toBe(false);
    await items.return(undefined);
    expect(pair.busy.at(-1)).toBe(false);
  });

  test('a stand-in does not keep this side busy after the owner has ended the real stream', async () => {
    let real: Writable | undefined;
    const pair = streamPair(
      {
        open: () => (real = new Writable({ write: (_chunk, _encoding, done) => done() })),
        end: () => void real?.end(),
      },
      lane,
    );
    const standIn = (await pair.call('open')) as Writable;
    const ended = finished(standIn);
    await pair.call('end');
    await within(ended, 'finished()');
    expect(pair.busy.at(-1)).toBe(false);
  });

  const forged: Record<string, object> = {
    'a pull of a stream that is not open': { type: 'stream-pull', streamId: 99, credit: 1 },
    'a pull of a stream that this side takes': { type: 'stream-pull', streamId: 2, credit: 1 },
    'more items than were asked for': { type: 'stream-data', streamId: 2, items: Array.from({ length: 200 }, () => 1) },
    'an answer that nobody has asked for': { type: 'stream-data', streamId: 2, items: [1], answer: true },
    'bytes of a stream that carries items': { type: 'stream-data', streamId: 2, items: [], bytes: 'eA==' },
    'a close of a stream that this side takes': { type: 'stream-close', streamId: 2, result: 'success' },
  };
  test.each(Object.entries(forged))('%s is a violation', async (_name, message) => {
    const pair = streamPair({ items: () => new Promise<never>(() => {}), open: () => [1].values() }, lane);
    await pair.call('open');
    expect(pair.open()).toEqual([1, 1]);
    pair.forge(message);
    while (pair.violations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(pair.violations[0]).toBeInstanceOf(ProtocolError);
  });
});
