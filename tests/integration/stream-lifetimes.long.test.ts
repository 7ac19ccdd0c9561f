import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { lasting, type RemoteLasting } from '../support/remote-lasting.js';
import { until } from '../support/processes.js';
import { runScript } from '../support/scripts.js';
import {
  collect,
  collectGarbage,
  failure,
  modes,
  openStreams,
  sleep,
  untilNoneOpen,
  within,
} from '../support/streams.js';

/** Streams of every kind, consumed until the end. Each must fail. */
async function consumers(proxy: RemoteLasting): Promise<Record<string, Promise<unknown>>> {
  const writer = (await proxy.webWriter()).getWriter();
  writer.closed.catch(() => {});
  const endless = (): Readable =>
    new Readable({
      read() {
        setImmediate(() => this.push(Buffer.alloc(30_000)));
      },
    });
  const writing = async (): Promise<void> => {
    for (;;) await writer.write(new Uint8Array(50_000));
  };
  const slowly = async (items: AsyncIterable<unknown>): Promise<void> => {
    for await (const _item of items) await sleep(200);
  };
  const all = {
    'a loop': collect(proxy.items(1)),
    'a slow loop': slowly(proxy.items()),
    'a stuck next()': proxy.late(1e6)[Symbol.asyncIterator]().next(),
    'a reader': collect(await proxy.readable()),
    'a slow reader': slowly(await proxy.readable()),
    'a web reader': collect(await proxy.web()),
    'a pipeline': pipeline(endless(), await proxy.writable()),
    'a duplex': pipeline(endless(), await proxy.duplex(), async (source) => slowly(source)),
    'a web writer': writing(),
    'a pipeline that waits for the end': pipeline(Readable.from([Buffer.from('x')]), await proxy.unfinishing()),
    'a web writer that waits for the end': (await proxy.unfinishingWeb()).getWriter().close(),
  };
  return Object.fromEntries(Object.entries(all).map(([name, promise]) => [name, failure(promise)]));
}

/** The names of the errors with which they failed. */
async function endings(outcomes: Record<string, Promise<unknown>>): Promise<Record<string, string>> {
  const named = Object.entries(outcomes).map(async ([name, outcome]) => {
    const error = await within(outcome, name).catch(() => 'it never ended');
    return [name, error instanceof Error ? error.name : String(error)];
  });
  return Object.fromEntries((await Promise.all(named)) as [string, string][]);
}

describe.each(modes)('lifetimes of streams, in %s mode', (serialization) => {
  test('a stream that is abandoned here ends in the child: unread, and half read', async () => {
    await using proxy = await lasting({ serialization });
    const abandon = async (): Promise<void> => {
      const iterator = await proxy.items();
      await iterator.next();
      await iterator.next();
      await proxy.items();
      await proxy.readable();
      const read = (await proxy.readable())[Symbol.asyncIterator]();
      await read.next();
      await proxy.web();
      const reader = (await proxy.web()).getReader();
      await reader.read();
      await proxy.duplex();
      (await proxy.writable()).on('error', () => {}).write('text');
      await (await proxy.webWriter()).getWriter().write('text');
    };
    await abandon();
    await untilNoneOpen(proxy, true);
    // One of the two iterators has never begun.
    await expect.poll(() => proxy.counts()).toEqual([7, 7]);
  });

  test('a stream that the child abandons ends here', async () => {
    await using proxy = await lasting({ serialization });
    let cleaned = 0;
    async function* items(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        cleaned++;
      }
    }
    const readable = new Readable({
      read() {
        this.push('x');
      },
    });
    expect(await proxy.take(items(), 5)).toBe(5);
    expect(cleaned).toBe(1);
    for (const given of [items(), readable, new ReadableStream(), new WritableStream()]) await proxy.drop({ given });
    for (let i = 0; i < 100 && (await openStreams(proxy)).some((count) => count > 0); i++) {
      await proxy.collectGarbage();
      await sleep(20);
    }
    expect(await openStreams(proxy)).toEqual([0, 0]);
    expect(readable.destroyed).toBe(true);
  });

  test('a stream with a pending read is not collected', async () => {
    await using proxy = await lasting({ serialization });
    const next = proxy.late(150)[Symbol.asyncIterator]().next();
    const other = proxy.late(150).then((iterator) => iterator.next());
    const read = proxy.readable().then((stream) => pipeline(stream, readingFor(300)));
    for (let i = 0; i < 10; i++) {
      await sleep(30);
      collectGarbage();
    }
    expect(await within(next, 'next()')).toEqual({ done: false, value: 'late' });
    expect(await within(other, 'next()')).toEqual({ done: false, value: 'late' });
    expect(await within(read, 'the pipeline')).toBe('read');
  });

  test('$terminate() ends every pending read and write, and finally runs before the child is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'procxy-lifetimes-'));
    const proxy = await lasting({ serialization }, join(folder, 'log'));
    const outcomes = await consumers(proxy);
    await sleep(50);
    await proxy.$terminate();
    expect(await endings(outcomes)).toEqual(
      Object.fromEntries(Object.keys(outcomes).map((name) => [name, 'TerminatedError'])),
    );
    const lines = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    expect(lines).toEqual(['finally', 'finally', 'disposing']);
    rmSync(folder, { recursive: true });
  });

  test('a child that is killed fails every reader and writer, and its sources here are cleaned up', async () => {
    await using proxy = await lasting({ serialization });
    const outcomes = await consumers(proxy);
    let begun = false;
    let cleaned = false;
    async function* items(): AsyncGenerator<number> {
      begun = true;
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        cleaned = true;
      }
    }
    const source = new Readable({
      read() {
        setImmediate(() => this.push('x'));
      },
    });
    const calls = [failure(proxy.take(items())), failure(proxy.take(source))];
    await until(() => begun, 'the first item');
    await sleep(80);
    proxy.$process.kill('SIGKILL');
    expect(await endings(outcomes)).toEqual(
      Object.fromEntries(Object.keys(outcomes).map((name) => [name, 'ChildCrashedError'])),
    );
    for (const call of calls) expect(await call).toMatchObject({ name: 'ChildCrashedError' });
    await expect.poll(() => [cleaned, source.destroyed]).toEqual([true, true]);
  });
});

/** Reads for this many ms. */
function readingFor(ms: number): (source: AsyncIterable<unknown>) => Promise<string> {
  return async (source) => {
    const end = performance.now() + ms;
    for await (const _chunk of source) if (performance.now() > end) break;
    return 'read';
  };
}

describe('streams and the life of the parent', () => {
  const prelude = `
    import { Lasting } from ${JSON.stringify(new URL('../fixtures/lasting.js', import.meta.url).href)};
    const proxy = await procxy(Lasting, ${JSON.stringify(new URL('../fixtures/lasting.js', import.meta.url).href)});
  `;

  test('an unread stream and an idle iterator do not keep it alive', async () => {
    const { stdout, stderr, code } = await runScript(`${prelude}
      const streams = [await proxy.readable(), await proxy.web(), await proxy.writable(), await proxy.duplex()];
      const items = await proxy.items();
      await items.next();
      console.log('read', streams.length);
    `);
    expect({ stdout, stderr, code }).toEqual({ stdout: 'read 4\n', stderr: '', code: 0 });
  });

  test('a pending next() does, and so does a reader', async () => {
    const { stdout, code } = await runScript(`${prelude}
      proxy.late(300)[Symbol.asyncIterator]().next().then(({ value }) => console.log(value));
    `);
    expect({ stdout, code }).toEqual({ stdout: 'late\n', code: 0 });
    const reading = await runScript(`${prelude}
      const readable = await proxy.readable(3);
      readable.on('data', () => {}).on('error', (error) => console.log(error.message));
    `);
    expect(reading).toMatchObject({ stdout: 'as asked\n', code: 0 });
  });

  test('a write that is not yet done does', async () => {
    const { stdout, code } = await runScript(`${prelude}
      const writable = await proxy.writable();
      writable.end(Buffer.alloc(3_000_000), () => console.log('finished'));
    `);
    expect({ stdout, code }).toEqual({ stdout: 'finished\n', code: 0 });
  });
});
