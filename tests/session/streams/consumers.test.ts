import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { writeAll, writeAllToWeb } from '../../../src/session/streams/consumers.js';
import { Sink } from '../../../src/session/streams/sink.js';
import type { StreamOutcome } from '../../../src/session/streams/source.js';
import { until } from '../../support/processes.js';

const ok: StreamOutcome = { failed: false, value: undefined };
const failed = (value: unknown): StreamOutcome => ({ failed: true, value });

/** A sink that gets these items when they are requested, and then its end. */
function sinkOf(items: unknown[], end: StreamOutcome | undefined = ok) {
  const closes: StreamOutcome[] = [];
  let pulls = 0;
  const sink: Sink = new Sink({
    window: 100,
    start: 100,
    cost: () => 1,
    closesItself: false,
    onWaiting: () => {},
    output: {
      pull() {
        if (pulls++ > 0) return;
        queueMicrotask(() => {
          sink.push(items, 'items');
          if (end) sink.end(end);
        });
      },
      step: () => {},
      close: (outcome) => closes.push(outcome),
    },
  });
  return { sink, closes, pulls: () => pulls };
}

const closed = (closes: StreamOutcome[]): Promise<unknown> => until(() => closes.length > 0, 'the close');

describe('writeAll()', () => {
  test('writes everything, ends the stream and reports that. It requests nothing in the same turn', async () => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        setImmediate(done);
      },
    });
    const { sink, closes, pulls } = sinkOf(['a', 'b']);
    writeAll(sink, stream);
    expect(pulls()).toBe(0);
    await closed(closes);
    expect([written, closes, stream.writableFinished]).toEqual([['a', 'b'], [ok], true]);
  });

  test('listens immediately, so that a stream that has failed already does not end the process', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    stream.destroy(new RangeError('early'));
    const { sink, closes } = sinkOf(['a']);
    writeAll(sink, stream);
    await closed(closes);
    expect(closes).toMatchObject([{ failed: true, value: { message: 'early' } }]);
  });

  test('waits for room, but not in a stream that its owner has ended', async () => {
    let most = 0;
    const slow = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        most = Math.max(most, this.writableLength);
        setImmediate(done);
      },
    });
    const { sink, closes } = sinkOf(['a', 'b', 'c']);
    writeAll(sink, slow);
    await closed(closes);
    expect([most, closes]).toEqual([1, [ok]]);
    const ended = new Writable({ write: (_chunk, _encoding, done) => done() });
    const early = sinkOf([], undefined);
    writeAll(early.sink, ended);
    ended.end();
    await closed(early.closes);
    expect(early.closes).toEqual([ok]);
  });

  test('a failure destroys the stream after the items before it, or immediately if it is busy', async () => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
    writeAll(sinkOf(['a'], failed(new RangeError('broken'))).sink, stream);
    await until(() => stream.destroyed, 'the end');
    expect([written, stream.errored?.message]).toEqual([['a'], 'broken']);
    const stuck = new Writable({ highWaterMark: 1, write() {} });
    writeAll(sinkOf(['a', 'b'], failed(new RangeError('broken'))).sink, stuck);
    await until(() => stuck.destroyed, 'the end of the stuck one');
  });
});

describe('writeAllToWeb()', () => {
  test('writes everything and closes. A failure in either direction arrives with its reason', async () => {
    const written: unknown[] = [];
    const { sink, closes } = sinkOf(['a', 'b']);
    writeAllToWeb(sink, new WritableStream({ write: (chunk) => void written.push(chunk) }).getWriter());
    await closed(closes);
    expect([written, closes]).toEqual([['a', 'b'], [ok]]);

    const full = sinkOf(['a']);
    const refusing = new WritableStream({
      write() {
        throw new RangeError('full');
      },
    });
    writeAllToWeb(full.sink, refusing.getWriter());
    await closed(full.closes);
    expect(full.closes).toMatchObject([{ failed: true, value: { message: 'full' } }]);

    let reason: unknown;
    const aborted = new WritableStream({ abort: (why) => void (reason = why) });
    writeAllToWeb(sinkOf([], failed('broken')).sink, aborted.getWriter());
    await until(() => reason !== undefined, 'the abort');
    expect(reason).toBe('broken');
  });
});
