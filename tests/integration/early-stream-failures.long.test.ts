import { PassThrough, Readable, type Duplex, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type ProcxyControls } from 'procxy';
import { FailingEarly, makers, type Kind } from '../fixtures/failing-early.js';
import { collect, failure, outcomeOf, settings, sleep, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/failing-early.js';

interface RemoteFailingEarly extends ProcxyControls<FailingEarly> {
  make(kind: Kind): Promise<Duplex>;
  makeLater(kind: Kind): Promise<{ stream: Duplex }>;
  useOneOf(make: () => Writable): Promise<unknown>;
  ignoreOneOf(make: () => Writable): Promise<string>;
  readable(): Promise<Readable>;
  web(): Promise<ReadableStream>;
  passThrough(): Promise<Duplex>;
  destroyGiven(message?: string): Promise<void>;
  readGiven(): Promise<string>;
  brokenAtOnce(): Promise<Readable>;
  brokenLater(): Promise<Readable>;
  writeAndFinish(stream: Duplex, text: string): Promise<string>;
  waitFor(stream: Readable): Promise<unknown>;
  readAndFinish(stream: Duplex): Promise<string>;
}

const text = (): Readable => Readable.from(['text'], { objectMode: false });

/** The error of each kind of stream. */
function expected(kind: Kind): object {
  if (kind === 'a file that cannot be opened') return { name: 'Error', code: 'ENOENT' };
  if (kind.endsWith('was destroyed')) return { name: 'Error', code: 'ERR_STREAM_PREMATURE_CLOSE' };
  return { name: 'RangeError', message: 'early' };
}

describe.each(settings)('in $serialization mode on the channel $channel', (options) => {
  let proxy: RemoteFailingEarly;
  beforeAll(async () => {
    const all = { ...options, enableCallbacks: true } as const;
    proxy = (await procxy(FailingEarly, module, all)) as unknown as RemoteFailingEarly;
  });
  afterEach(() => untilNoneOpen(proxy));
  afterAll(() => proxy.$terminate());

  describe.each(Object.keys(makers) as Kind[])('%s', (kind) => {
    test('does not end a process, and is reported to code that uses the stream', async () => {
      const stream = await proxy.make(kind);
      await sleep(50);
      expect(await within(failure(pipeline(text(), stream)), 'the pipeline')).toMatchObject(expected(kind));
      const { stream: later } = await proxy.makeLater(kind);
      await sleep(50);
      expect(await within(failure(pipeline(text(), later)), 'the pipeline')).toMatchObject(expected(kind));
    });

    test('is reported to code that listens, writes or waits for the end', async () => {
      const [heard, written, ended, awaited] = await Promise.all([1, 2, 3, 4].map(() => proxy.make(kind)));
      await sleep(50);
      const error = new Promise((resolve) => heard?.on('error', resolve));
      expect(await within(error, 'the event')).toMatchObject(expected(kind));
      expect(
        await within(new Promise((resolve) => written?.on('error', () => {}).write('text', resolve)), 'write()'),
      ).toMatchObject(expected(kind));
      const end = new Promise((resolve) => ended?.on('error', resolve).end());
      expect(await within(end, 'end()')).toMatchObject(expected(kind));
      expect(await within(failure(finished(awaited as Duplex)), 'finished()')).toMatchObject(expected(kind));
    });

    test('does not end a process when a function of the parent returns the stream', async () => {
      expect(await within(proxy.useOneOf(makers[kind]), 'its use')).toMatchObject(expected(kind));
      expect(await proxy.ignoreOneOf(makers[kind])).toBe('well');
    });

    test('does not end a process if nothing uses the stream', async () => {
      await proxy.make(kind);
      await sleep(50);
      await untilNoneOpen(proxy);
    });
  });

  test('a readable that is not read reports its failure to code that listens or waits', async () => {
    const stream = await proxy.readable();
    const waiting = failure(finished(stream));
    await proxy.destroyGiven('broken');
    expect(await within(waiting, 'finished()')).toMatchObject({ name: 'RangeError', message: 'broken' });
    const late = await proxy.readable();
    await proxy.destroyGiven();
    await sleep(20);
    expect(await within(failure(finished(late)), 'finished()')).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    const web = (await proxy.web()).getReader();
    const closed = failure(web.closed);
    await proxy.destroyGiven('broken');
    expect(await within(closed, 'reader.closed')).toMatchObject({ name: 'RangeError', message: 'broken' });
  });

  test('a readable that failed unobserved fails when it is read', async () => {
    const stream = await proxy.readable();
    await proxy.destroyGiven('broken');
    await sleep(20);
    expect(await failure(collect(stream))).toMatchObject({ message: 'broken' });
  });

  test('items in the buffer of a readable that is destroyed are lost, as in one process, and earlier ones arrive', async () => {
    const here = new FailingEarly();
    for (const how of ['brokenAtOnce', 'brokenLater'] as const) {
      const local = await outcomeOf(here[how]());
      expect(local).toMatchObject({ items: how === 'brokenAtOnce' ? [] : [1, 2], error: { message: 'broken' } });
      expect(await outcomeOf(await proxy[how]())).toMatchObject(local);
    }
  });

  test('finished() settles for a PassThrough of the parent that the parent reads', async () => {
    const output = new PassThrough();
    const call = proxy.writeAndFinish(output, 'from the child');
    expect(String(Buffer.concat(await output.toArray()))).toBe('from the child');
    expect(await within(call, 'finished()')).toBe('finished');
  });

  test('finished() settles for a PassThrough of the child that the child reads', async () => {
    const stream = await proxy.passThrough();
    const read = proxy.readGiven();
    stream.end('from the parent');
    expect(await read).toBe('from the parent');
    await within(finished(stream), 'finished()');
  });

  test('finished() settles for a PassThrough that the parent writes and the child reads', async () => {
    const input = new PassThrough();
    input.end('from the parent');
    expect(await within(proxy.readAndFinish(input), 'finished()')).toBe('from the parent');
  });

  test('finished() settles for a Readable that the parent reads, or destroys', async () => {
    const [read, destroyed, failed] = [text(), text(), text()];
    const all = [read, destroyed, failed].map((stream) => proxy.waitFor(stream));
    await proxy.$stats();
    read.resume();
    destroyed.destroy();
    failed.destroy(new RangeError('broken'));
    expect(await within(Promise.all(all), 'finished()')).toMatchObject([
      'finished',
      { code: 'ERR_STREAM_PREMATURE_CLOSE' },
      { name: 'RangeError', message: 'broken' },
    ]);
  });
});
