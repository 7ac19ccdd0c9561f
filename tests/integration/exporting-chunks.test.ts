import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { procxy, SerializationError } from 'procxy';
import { ExportingChunks } from '../fixtures/exporting-chunks.js';
import { collect, failure, modes, outcomeOf, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/exporting-chunks.js';

type Item = { call?: (n?: number) => Promise<number>; number?: number } | Uint8Array | string;

async function shown(item: Item): Promise<unknown> {
  if (item instanceof Uint8Array) return item.length;
  return typeof item === 'object' && item.call ? [await item.call(2)] : item;
}

describe.each(modes)('chunks of web streams that are more than data, in %s mode', (serialization) => {
  test('streams can be used as they arrive', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization });
    let count = 0;
    for await (const duplex of (await proxy.duplexes(60)) as unknown as AsyncIterable<Duplex>) {
      duplex.end('echo');
      expect(await text(duplex)).toBe('echo');
      count++;
    }
    expect(count).toBe(60);
    await untilNoneOpen(proxy);
  });

  test('functions that are not kept are given back at `maxCallbacks`', async () => {
    await using proxy = await procxy(ExportingChunks, module, {
      serialization,
      enableCallbacks: true,
      maxCallbacks: 200,
    });
    let count = 0;
    for await (const item of (await proxy.functions(450)) as unknown as AsyncIterable<Item>) {
      expect(await shown(item)).toEqual([count++]);
    }
    expect(count).toBe(450);
  });

  test('functions keep their place among bytes and texts', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization, enableCallbacks: true });
    const items = (await collect((await proxy.mixture(300)) as unknown as AsyncIterable<Item>)).map(shown);
    const expected = Array.from({ length: 300 }, (_, n) => [[n], n * 1000, `text ${n}`, { number: n }, 0][n % 5]);
    expect(await Promise.all(items)).toEqual(expected);
  });

  test('functions that the child writes keep their place too', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization, enableCallbacks: true });
    const got: Promise<unknown>[] = [];
    await proxy.write(new WritableStream<Item>({ write: (item) => void got.push(shown(item)) }) as never);
    expect(await Promise.all(got)).toEqual([0, 1, 2, 3, 4].flatMap((n) => [[n * 2], n]));
  });

  test('handles arrive', async () => {
    const server = net.createServer((socket) => socket.once('data', () => socket.end('hello'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using proxy = await procxy(ExportingChunks, module, { serialization, supportHandles: true });
    const { port } = server.address() as net.AddressInfo;
    for await (const socket of (await proxy.sockets(port)) as unknown as AsyncIterable<net.Socket>) {
      socket.write('hi');
      expect(await within(text(socket), 'the text')).toBe('hello');
    }
    expect(await proxy.ping()).toBe('pong');
    server.close();
  });

  test('a failure of any kind arrives after the chunks', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization, enableCallbacks: true });
    for (const reason of [undefined, 'a text', { code: 7 }]) {
      const { items, error } = await outcomeOf((await proxy.failing(reason)) as never);
      expect(await Promise.all((items as Item[]).map(shown))).toEqual([[1], 'text', 3]);
      if (reason === undefined) expect(error).toBeInstanceOf(RangeError);
      else expect(error).toEqual(reason);
    }
    await untilNoneOpen(proxy, true);
  });

  test('a chunk that cannot cross ends the stream, after the chunks before it', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization, enableCallbacks: true });
    const { items, error } = await outcomeOf((await proxy.unsendable()) as never);
    expect(await Promise.all((items as Item[]).map(shown))).toEqual([[0], 9]);
    expect(error).toBeInstanceOf(SerializationError);
    await untilNoneOpen(proxy, true);
  });

  test('a reader that stops early leaves nothing behind', async () => {
    await using proxy = await procxy(ExportingChunks, module, { serialization, enableCallbacks: true });
    for (let round = 0; round < 10; round++) {
      let left = round;
      for await (const _ of (await proxy.mixture(300)) as unknown as AsyncIterable<Item>) if (left-- === 0) break;
    }
    await untilNoneOpen(proxy, true);
    expect(await failure(proxy.ping())).toBeUndefined();
  });
});
