import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { iteratorProducer, readableProducer, webReadableProducer } from '../../../src/session/streams/producers.js';
import type { Producer, StreamOutcome } from '../../../src/session/streams/source.js';
import { within } from '../../support/streams.js';

const ok = { failed: false, value: undefined };
const failed = (value: unknown) => ({ failed: true, value });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const told = (producer: Producer): Promise<StreamOutcome> =>
  within(new Promise((resolve) => producer.watch?.(resolve)), 'the end');

function fail(): never {
  throw new Error('finally');
}

describe('iteratorProducer()', () => {
  test('runs nothing before the first item is requested, and steps the iterator', async () => {
    let isStarted = false;
    function* hearing(): Generator<unknown, unknown, unknown> {
      isStarted = true;
      return yield yield 1;
    }
    const producer = iteratorProducer(hearing());
    expect(isStarted).toBe(false);
    expect(await producer.next()).toEqual({ done: false, value: 1 });
    expect(await producer.step?.('next', 'a')).toEqual({ done: false, value: 'a' });
    expect(await producer.step?.('return', 'R')).toEqual({ done: true, value: 'R' });
  });

  test('does what yield* does if the iterator lacks the method', async () => {
    const bare = () => iteratorProducer({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) });
    expect(await bare().step?.('return', 'R')).toEqual({ done: true, value: 'R' });
    await expect(bare().step?.('throw', 'why')).rejects.toBe('why');
  });

  test('closes the iterator, even if it was never read', async () => {
    const closed: string[] = [];
    const iterator = (name: string) => ({
      next: () => ({ done: false, value: 1 }),
      return: () => (closed.push(name), { done: true, value: undefined }),
      [Symbol.iterator]() {
        return this;
      },
    });
    const read = iteratorProducer(iterator('read'));
    await read.next();
    read.close(ok, true);
    iteratorProducer(iterator('unread')).close(ok, true);
    iteratorProducer({ [Symbol.iterator]: () => iterator('iterable') }).close(ok, true);
    iteratorProducer(iterator('at its end')).close(ok, false);
    await turn();
    expect(closed).toEqual(['read', 'unread', 'iterable']);
  });

  test('makes the iterator once, and reports a failure of that to the reader', async () => {
    let made = 0;
    const makes = {
      [Symbol.asyncIterator]: () => (made++, [1][Symbol.iterator]() as unknown as AsyncIterator<number>),
    };
    iteratorProducer(makes);
    expect(made).toBe(1);
    const broken = iteratorProducer({ [Symbol.asyncIterator]: fail });
    expect(() => broken.next()).toThrow('finally');
    await expect(broken.step?.('next', 1)).rejects.toThrow('finally');
    broken.close(ok, true);
    await turn();
  });

  test('a finally block that throws has no effect', async () => {
    function* throwing(): Generator<number> {
      try {
        yield 1;
      } finally {
        fail();
      }
    }
    const producer = iteratorProducer(throwing());
    await producer.next();
    producer.close(ok, true);
    await turn();
  });
});

describe('readableProducer()', () => {
  test('converts text to bytes, and leaves objects unchanged', async () => {
    const text = new Readable({ read() {}, encoding: 'latin1' });
    text.push(Buffer.from('grün', 'latin1'));
    expect(await readableProducer(text).next()).toEqual({ done: false, value: Buffer.from('grün', 'latin1') });
    expect(await readableProducer(Readable.from(['grün'])).next()).toEqual({ done: false, value: 'grün' });
  });

  test('reports an unexpected end: read by others, failed, destroyed', async () => {
    const read = Readable.from(['a']);
    const ended = told(readableProducer(read));
    read.resume();
    expect(await ended).toEqual(ok);
    const broken = new Readable({ read() {} });
    const failure = told(readableProducer(broken));
    broken.destroy(new RangeError('broken'));
    expect(await failure).toMatchObject({ failed: true, value: { message: 'broken' } });
    expect(await told(readableProducer(new PassThrough().destroy()))).toMatchObject({
      failed: true,
      value: { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    });
  });

  test('destroys the stream with the reason if its reader leaves early', () => {
    const stream = new Readable({ read() {} });
    const error = new RangeError('enough');
    readableProducer(stream).close(failed(error), true);
    expect([stream.destroyed, stream.errored]).toEqual([true, error]);
    const done = Readable.from([]);
    readableProducer(done).close(ok, false);
    expect(done.destroyed).toBe(false);
  });
});

describe('webReadableProducer()', () => {
  test('locks the stream, reads it and cancels it with the reason', async () => {
    let cancelled: unknown;
    const stream = new ReadableStream({
      start: (controller) => controller.enqueue('a'),
      cancel: (reason) => void (cancelled = reason),
    });
    const producer = webReadableProducer(stream);
    expect(stream.locked).toBe(true);
    expect(await producer.next()).toEqual({ done: false, value: 'a' });
    producer.close(failed('enough'), true);
    await turn();
    expect(cancelled).toBe('enough');
  });

  test('reports a failure while no item is requested', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error('broken') });
    expect(await told(webReadableProducer(broken))).toEqual(failed('broken'));
  });
});
