import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streaming, type RemoteStreaming } from '../support/remote-streaming.js';
import { failure, modes, outcomeOf, sleep, untilNoneOpen, within } from '../support/streams.js';

describe.each(modes)('how Node streams end, in %s mode', (serialization) => {
  let proxy: RemoteStreaming;
  let logged = 0;
  const news = async (): Promise<string[]> => {
    await untilNoneOpen(proxy);
    const log = await proxy.log();
    const lines = log.slice(logged);
    logged = log.length;
    return lines;
  };
  beforeAll(async () => {
    proxy = await streaming({ serialization });
  });
  afterAll(async () => {
    await untilNoneOpen(proxy, true);
    await proxy.$terminate();
  });

  test('an error of the source comes after the data before it', async () => {
    const { items, error } = await outcomeOf(await proxy.breaking(300_000));
    expect(Buffer.concat(items as Buffer[])).toHaveLength(300_000);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'broke', code: 'E_BROKE' });
  });

  test('a source that is destroyed while it is read', async () => {
    const failing = await proxy.silent();
    const outcome = outcomeOf(failing);
    await proxy.destroySilent('by its owner');
    expect((await outcome).error).toMatchObject({ name: 'RangeError', message: 'by its owner', code: 'E_OWN' });
    const closing = await proxy.silent();
    const premature = outcomeOf(closing);
    await proxy.destroySilent();
    expect((await premature).error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(await news()).toEqual(['destroyed by its owner', 'destroyed cleanly']);
  });

  test('a source of the parent that is destroyed while the child reads it', async () => {
    const source = new Readable({ read() {} });
    source.push('some');
    const call = failure(proxy.readText(source));
    await sleep(30);
    source.destroy(Object.assign(new RangeError('mine'), { code: 'E_MINE' }));
    expect(await call).toMatchObject({ name: 'RangeError', message: 'mine', code: 'E_MINE' });
    const closing = new PassThrough();
    const premature = failure(proxy.readText(closing));
    await sleep(30);
    closing.destroy();
    expect(await premature).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  test('destroying the reader ends the source with its error', async () => {
    await news();
    const cleanly = await proxy.endless();
    await once(cleanly, 'data');
    cleanly.destroy();
    expect(await news()).toEqual(['destroyed cleanly']);
    const failing = await proxy.endless();
    failing.on('error', () => {});
    await once(failing, 'data');
    failing.destroy(new RangeError('by the reader'));
    expect(await news()).toEqual(['destroyed by the reader']);
    // As Node's own iterator does it.
    for await (const _chunk of await proxy.endless()) break;
    expect(await news()).toEqual(['destroyed The operation was aborted']);
  });

  test('destroyed before the first read', async () => {
    await news();
    (await proxy.endless()).destroy();
    const failing = await proxy.endless();
    failing.on('error', () => {});
    failing.destroy(new Error('unread'));
    expect((await news()).toSorted()).toEqual(['destroyed cleanly', 'destroyed unread']);
  });

  test('the child destroys a source of the parent', async () => {
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(1000));
      },
    });
    const ended = failure(finished(source));
    await proxy.readSomeAndDestroy(source, 'by the child');
    expect(await within(ended, 'the source')).toMatchObject({ name: 'RangeError', message: 'by the child' });
    expect(source.destroyed).toBe(true);
  });

  test('a failing target fails the pipeline into it', async () => {
    const chunks = (): Readable =>
      Readable.from(
        Array.from({ length: 100 }, () => Buffer.alloc(50_000)),
        { objectMode: false },
      );
    const error = await failure(pipeline(chunks(), await proxy.failingWriter(1)));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'no room', code: 'E_ROOM' });
    const late = await proxy.failingWriter(0);
    late.on('error', () => {});
    late.write('only one');
    late.end();
    expect(await within(failure(finished(late)), 'the end')).toMatchObject({ code: 'E_ROOM' });
    const mine = new Writable({ write: (_chunk, _encoding, done) => done(new TypeError('mine is full')) });
    expect(await failure(proxy.writeTo(mine, ['a', 'b']))).toMatchObject({ message: 'mine is full' });
  });

  test('a target that is destroyed between two writes fails its writer', async () => {
    const mine = new Writable({ write: (_chunk, _encoding, done) => done() });
    const endless = new Readable({
      read() {
        setTimeout(() => this.push('x'), 5);
      },
    });
    const piping = failure(pipeline(endless, await proxy.echo()));
    endless.destroy(new RangeError('the source broke'));
    expect(await piping).toMatchObject({ message: 'the source broke' });
    const call = failure(
      proxy.writeTo(
        mine,
        Array.from({ length: 10 }, () => 'x'.repeat(1000)),
      ),
    );
    mine.destroy(new RangeError('closed by its owner'));
    expect(await within(call, 'writeTo()')).toMatchObject({ message: 'closed by its owner' });
  });

  test('destroying the writer destroys the target', async () => {
    await news();
    const writable = await proxy.slowWriter();
    writable.on('error', () => {});
    await new Promise<void>((done) => writable.write('a', () => done()));
    writable.destroy(new RangeError('by the writer'));
    expect(await news()).toEqual(['a', 'destroyed by the writer']);
    const unwritten = await proxy.slowWriter();
    unwritten.destroy();
    expect((await news()).join()).toMatch(/^destroyed /);
  });

  test('destroying the writer does not wait for a busy target: callbacks are called, and nothing stays open', async () => {
    await using own = await streaming({ serialization });
    const writable = await own.stuckWriter();
    writable.on('error', () => {});
    const writes = Array.from(
      { length: 50 },
      () => new Promise<unknown>((done) => writable.write(Buffer.alloc(65_536), (error) => done(error))),
    );
    await sleep(50);
    writable.destroy(new Error('given up'));
    await untilNoneOpen(own);
    await within(Promise.all(writes), 'the callbacks');
  });

  test('a duplex: destroying it, and an error of either side', async () => {
    const duplex = await proxy.echo();
    duplex.on('error', () => {});
    duplex.write('a');
    await once(duplex, 'data');
    duplex.destroy(new Error('enough'));
    await untilNoneOpen(proxy);
    const mine = new PassThrough();
    const call = failure(proxy.converse(mine, 'x'.repeat(3_000_000)));
    await once(mine, 'readable');
    mine.destroy(new RangeError('duplex of the parent'));
    expect(await within(call, 'converse()')).toMatchObject({ message: 'duplex of the parent' });
  });

  test('a duplex that is only read, or only written, ends by its other side', async () => {
    const duplex = await proxy.upperCase();
    duplex.resume();
    duplex.end();
    await within(finished(duplex), 'the duplex');
    const half = await proxy.echo();
    half.end('text');
    await within(new Promise((resolve) => half.once('finish', resolve)), 'finish');
    half.resume();
    await within(finished(half), 'the half');
  });

  test('a signal ends the stream that a call has returned', async () => {
    await news();
    const controller = new AbortController();
    const readable = await proxy.$with({ signal: controller.signal }).endless();
    const outcome = outcomeOf(readable);
    await sleep(20);
    controller.abort();
    expect((await within(outcome, 'the reader')).error).toMatchObject({ name: 'AbortError' });
    expect((await news()).join()).toMatch(/^destroyed/);
  });
});
