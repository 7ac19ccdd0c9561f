import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SerializationError } from 'procxy';
import { pieces } from '../fixtures/streaming.js';
import { streaming, type RemoteStreaming } from '../support/remote-streaming.js';
import { collect, failure, modes, untilNoneOpen, within } from '../support/streams.js';

function hashOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

describe.each(modes)('web streams, in %s mode', (serialization) => {
  let proxy: RemoteStreaming;
  let logged = 0;
  const news = async (): Promise<string[]> => {
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

  function streamOf(...items: unknown[]): ReadableStream<unknown> {
    return new ReadableStream({
      start(controller) {
        for (const item of items) controller.enqueue(item);
        controller.close();
      },
    });
  }

  test('chunks of bytes keep their boundaries, and are of Uint8Array', async () => {
    const chunks = (await collect(await proxy.webBytes(10_500))) as Uint8Array[];
    expect(chunks.map(({ length }) => length)).toEqual([...Array.from({ length: 10 }, () => 1000), 500]);
    expect(new Set(chunks.map((chunk) => Object.getPrototypeOf(chunk) as unknown))).toEqual(
      new Set([Uint8Array.prototype]),
    );
    expect(hashOf(chunks)).toBe(hashOf(pieces(10_500, 1000)));
    const sizes = [1, 0, 5_000_000, 3];
    const stream = streamOf(...sizes.map((size) => new Uint8Array(size)));
    expect(await proxy.describeChunks(stream)).toEqual(sizes.map((size) => `Uint8Array ${size}`));
  });

  test('20 MB arrive completely, from the child and to it', async () => {
    const size = 20 * 1024 * 1024;
    const expected = hashOf(pieces(size, 100_000));
    const hash = createHash('sha256');
    for await (const chunk of await proxy.webBytes(size, 100_000)) hash.update(chunk as Uint8Array);
    expect(hash.digest('hex')).toBe(expected);
    const source = Readable.toWeb(Readable.from(pieces(size, 100_000), { objectMode: false })) as ReadableStream;
    expect(await proxy.hash(source)).toBe(expected);
  });

  test('values and bytes in one stream keep their order', async () => {
    const items = [1, new Uint8Array(300_000), 'text', { a: [null] }, new Uint8Array(2), true];
    const expected = [1, 'Uint8Array 300000', 'text', { a: [null] }, 'Uint8Array 2', true];
    expect(await proxy.describeChunks(streamOf(...items))).toEqual(expected);
    expect(await collect(await proxy.webItems([1, 'b', { c: 2 }]))).toEqual([1, 'b', { c: 2 }]);
    expect(await collect(await proxy.webItems([]))).toEqual([]);
    if (serialization === 'advanced')
      expect(await collect(await proxy.webItems([1n, new Map()]))).toEqual([1n, new Map()]);
  });

  test('a chunk that cannot cross ends it with a SerializationError', async () => {
    await using own = await streaming({ serialization, stdio: 'ignore' });
    expect(await failure(own.describeChunks(streamOf(1, Symbol('none'), 3)))).toBeInstanceOf(SerializationError);
    expect(await own.ping()).toBe('pong');
  });

  test('a Response is made of a web stream, and a Blob becomes one', async () => {
    const text = 'grün '.repeat(1000);
    const bytes = new TextEncoder().encode(text);
    const stream = await proxy.webBytes(5000);
    expect((await new Response(stream).arrayBuffer()).byteLength).toBe(5000);
    expect(await proxy.readText(new Blob([bytes]).stream())).toBe(text);
    expect(await proxy.readText(new Response(text).body as ReadableStream)).toBe(text);
  });

  test('a writable stream of the child: each write waits for room, and close() for the end', async () => {
    await news();
    const writer = (await proxy.webWriter()).getWriter();
    await writer.write(new Uint8Array(10));
    await writer.write({ value: 'x' });
    await writer.close();
    expect(await news()).toEqual(['Uint8Array 10', '{"value":"x"}', 'closed']);
    await streamOf('a', 'b').pipeTo(await proxy.webWriter());
    expect(await news()).toEqual(['"a"', '"b"', 'closed']);
  });

  test('a writable stream of the parent is written to in the child', async () => {
    const written: unknown[] = [];
    const stream = new WritableStream({
      write: (chunk) => void written.push(chunk),
      close: () => void written.push('closed'),
    });
    expect(await proxy.writeToWeb(stream, ['a', 2])).toBe('closed');
    expect(written).toEqual(['a', 2, 'closed']);
  });

  test('aborting a writer reaches the target, with its reason', async () => {
    await news();
    const writer = (await proxy.webWriter()).getWriter();
    await writer.write('a');
    await writer.abort(new Error('enough'));
    await untilNoneOpen(proxy);
    // The target gets it when its current write is done.
    await expect.poll(async () => (await proxy.log()).slice(logged)).toEqual(['"a"', 'aborted enough']);
    await news();
  });

  test('aborting a writer does not wait for a write that never ends', async () => {
    await using own = await streaming({ serialization });
    const stuck = (await own.stuckWebWriter()).getWriter();
    stuck.closed.catch(() => {});
    const writes = Array.from({ length: 200 }, (_, i) => failure(stuck.write(i)));
    await Promise.race([writes[199], new Promise((resolve) => setTimeout(resolve, 50))]);
    await within(stuck.abort(new Error('enough')), 'abort()');
    await within(Promise.all(writes), 'the writes');
    await untilNoneOpen(own);
  });

  test('a failing writer fails the code that writes to it', async () => {
    const writer = (await proxy.webWriter(2)).getWriter();
    const closed = failure(writer.closed);
    const writing = async (): Promise<void> => {
      for (let i = 0; i < 1000; i++) await writer.write(i);
    };
    expect(await within(failure(writing()), 'the writes')).toMatchObject({ name: 'RangeError', message: 'no room' });
    expect(await within(closed, 'closed')).toMatchObject({ name: 'RangeError', message: 'no room' });
    const mine = new WritableStream({
      write: () => {
        throw new TypeError('mine is full');
      },
    });
    expect(await failure(proxy.writeToWeb(mine, Array.from({ length: 100 }, String)))).toMatchObject({
      message: 'mine is full',
    });
  });

  test('cancelling reaches the source, with its reason', async () => {
    await news();
    const reader = (await proxy.webBytes(1_000_000)).getReader();
    await reader.read();
    await reader.cancel('seen enough');
    await untilNoneOpen(proxy);
    expect(await news()).toEqual(['cancelled seen enough']);
    for await (const _chunk of await proxy.webBytes(1_000_000)) break;
    await (await proxy.webBytes(1_000_000)).cancel('unread');
    await untilNoneOpen(proxy);
    expect(await news()).toEqual(['cancelled undefined', 'cancelled unread']);
  });

  test('a failing source fails its reader', async () => {
    let pulls = 0;
    const source = new ReadableStream({
      pull(controller) {
        if (++pulls > 3) controller.error(Object.assign(new RangeError('broke'), { code: 'E_BROKE' }));
        else controller.enqueue(pulls);
      },
    });
    expect(await failure(proxy.describeChunks(source))).toMatchObject({ name: 'RangeError', code: 'E_BROKE' });
  });

  test('a locked stream is refused, and a passed stream is locked', async () => {
    const stream = streamOf('a');
    const read = proxy.describeChunks(stream);
    expect(stream.locked).toBe(true);
    expect(await failure(proxy.describeChunks(stream))).toBeInstanceOf(SerializationError);
    expect(await read).toEqual(['a']);
  });

  test('web and Node streams are piped into each other', async () => {
    const output = new PassThrough();
    const [text] = await Promise.all([
      collect(output),
      pipeline(Readable.fromWeb((await proxy.webBytes(5000)) as never), output),
    ]);
    expect(hashOf(text as Buffer[])).toBe(hashOf(pieces(5000, 1000)));
  });
});
