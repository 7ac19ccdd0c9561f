import { createHash } from 'node:crypto';
import { getDefaultHighWaterMark, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pieces } from '../fixtures/streaming.js';
import { streaming, type RemoteStreaming } from '../support/remote-streaming.js';
import { collectGarbage, modes, sleep, untilNoneOpen } from '../support/streams.js';

/** How many items, and how many bytes, may be in transit. */
const WINDOW = 64;
const WINDOW_BYTES = 1024 * 1024;
const MB = 1024 * 1024;
/** How many bytes are read from a socket at once. */
const SOCKET_READ = 256 * 1024;

describe.each(modes)('a slow consumer holds a fast producer back, in %s mode', (serialization) => {
  let proxy: RemoteStreaming;
  beforeAll(async () => {
    proxy = await streaming({ serialization });
  });
  afterAll(async () => {
    await untilNoneOpen(proxy, true);
    await proxy.$terminate();
  });

  // In addition to the window: the buffers of streams at both ends, and the item that is being made.
  const slack = { generator: 1, objects: 16 + 1 + 2, web: 1 + 1 };
  for (const kind of ['generator', 'objects', 'web'] as const) {
    test(`${kind}: the child is never further ahead than the window, but uses it`, async () => {
      let taken = 0;
      let furthest = 0;
      for await (const _item of await proxy.producing(kind)) {
        taken++;
        if (taken % 20 !== 0) continue;
        await sleep(10);
        furthest = Math.max(furthest, (await proxy.produced()) - taken);
        if (taken === 400) break;
      }
      expect(furthest).toBeLessThanOrEqual(WINDOW + slack[kind]);
      expect(furthest).toBeGreaterThan(WINDOW / 2);
    });

    test(`${kind}: the parent is not further ahead either`, async () => {
      let produced = 0;
      const items = {
        generator: async function* (): AsyncGenerator<number> {
          for (;;) yield ++produced;
        },
        objects: () =>
          new Readable({
            objectMode: true,
            highWaterMark: 1,
            read() {
              this.push({ item: ++produced });
            },
          }),
        web: () => new ReadableStream({ pull: (to) => to.enqueue(++produced) }, { highWaterMark: 0 }),
      }[kind]();
      const end = proxy.takeSlowly(items, 200);
      let furthest = 0;
      for (let i = 0; i < 20; i++) {
        await sleep(15);
        // What it has taken since makes the distance smaller than it was, never larger.
        const before = produced;
        furthest = Math.max(furthest, before - (await proxy.taken()));
      }
      expect(await end).toBe(200);
      expect(furthest).toBeLessThanOrEqual(WINDOW + slack[kind]);
      expect(furthest).toBeGreaterThan(WINDOW / 2);
    });
  }

  test('a generator does not run ahead before the second item is requested', async () => {
    const iterator = (await proxy.producing('generator'))[Symbol.asyncIterator]();
    await sleep(30);
    expect(await proxy.produced()).toBe(0);
    await iterator.next();
    await sleep(30);
    expect(await proxy.produced()).toBe(1);
    await iterator.next();
    await iterator.return?.();
  });

  for (const chunk of [1000, 100_000, 3 * MB]) {
    test(`bytes in chunks of ${chunk}: at most the window, one chunk, and the buffers of the streams`, async () => {
      // A read() of Node puts two chunks together, and one more waits in the source. The two streams hold up to their mark, which
      // differs from Node to Node, and as much again while they are read; and the one here is filled by as much as a socket reads.
      const most = WINDOW_BYTES + 3 * chunk + 3 * getDefaultHighWaterMark(false) + SOCKET_READ + 1024;
      let taken = 0;
      let furthest = 0;
      let rests = 0;
      for await (const bytes of await proxy.producing('bytes', chunk)) {
        taken += (bytes as Buffer).length;
        if (taken < rests * 0.4 * MB) continue;
        await sleep(20);
        furthest = Math.max(furthest, (await proxy.produced()) - taken);
        if (++rests === 15) break;
      }
      expect(furthest).toBeLessThanOrEqual(most);
      expect(furthest).toBeGreaterThan(WINDOW_BYTES / 2);
    });
  }

  test('a slow target slows the pipeline into it down', async () => {
    let produced = 0;
    const source = new Readable({
      read() {
        this.push(produced < 8 * MB ? Buffer.alloc(65_536) : null);
        produced += 65_536;
      },
    });
    await using own = await streaming({ serialization });
    const end = pipeline(source, await own.stuckWriter()).catch(() => {});
    await sleep(200);
    expect(produced).toBeLessThan(WINDOW_BYTES + 10 * 65_536);
    await own.$terminate();
    await end;
  });
});

describe.each(modes)('100 MB both ways at once, in %s mode', (serialization) => {
  test('the hash is the same, memory stays flat on both sides, and a neighbour call is answered', async () => {
    await using proxy = await streaming({ serialization, execArgv: ['--expose-gc'] });
    const size = 100 * MB;
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const measure = async (): Promise<[parent: number, child: number]> => {
      collectGarbage();
      return [process.memoryUsage.rss(), await proxy.rss()];
    };
    let early: number[] | undefined;
    let late: number[] = [];
    let arrived = 0;
    let answered = 0;
    function* source(): Generator<Buffer> {
      for (const piece of pieces(size, 65_536)) {
        sent.update(piece);
        yield piece;
      }
    }
    await pipeline(Readable.from(source(), { objectMode: false }), await proxy.echo(), async (echo) => {
      for await (const chunk of echo as AsyncIterable<Buffer>) {
        received.update(chunk);
        const before = Math.floor((arrived / size) * 10);
        arrived += chunk.length;
        if (Math.floor((arrived / size) * 10) === before) continue;
        expect(await proxy.ping()).toBe('pong');
        answered++;
        if (answered === 1) early = await measure();
        else if (answered === 9) late = await measure();
      }
    });
    expect(arrived).toBe(size);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    for (const side of [0, 1]) expect((late[side] ?? Infinity) - (early?.[side] ?? 0)).toBeLessThan(60 * MB);
  });
});
