import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { framedSocket } from '../../src/channel/framed-socket.js';
import { frame, HEADER_BYTES, messageFormat } from '../../src/channel/frames.js';
import type { ProtocolError } from '../../src/errors.js';
import { until } from '../support/processes.js';

const messages = [{ type: 'first', text: 'é🦊' }, { n: 1 }, { list: [1, [2], null] }, { big: 'x'.repeat(300) }];

describe.each(['json', 'advanced'] as const)('frames in %s mode', (mode) => {
  const format = messageFormat(mode);
  const encode = (message: object): Buffer => frame(format.encode(message));
  let server: net.Server;
  let near: net.Socket;
  let far: net.Socket;
  let arrived: unknown[];
  let garbage: ProtocolError[];
  let closed: number;

  beforeEach(async () => {
    server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    far = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').setNoDelay();
    [near] = (await once(server, 'connection')) as [net.Socket];
    [arrived, garbage, closed] = [[], [], 0];
    const channel = framedSocket(near, format, (error) => garbage.push(error));
    channel.onMessage((message) => arrived.push(message));
    channel.onClose(() => closed++);
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
  });

  /** Delivered to the listener as they are, which a socket does not promise of what is written. */
  const deliver = (...chunks: Buffer[]): void => chunks.forEach((chunk) => near.emit('data', chunk));

  test('a message is its length and its bytes', () => {
    const bytes = encode({ n: 1 });
    expect(bytes.readUInt32LE()).toBe(bytes.length - HEADER_BYTES);
    expect(format.decode(bytes.subarray(HEADER_BYTES))).toEqual({ n: 1 });
  });

  test('arrive whole, however they are cut: at every byte', () => {
    const bytes = Buffer.concat(messages.map(encode));
    for (let cut = 0; cut <= bytes.length; cut++) {
      arrived.length = 0;
      deliver(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(arrived, `cut at ${cut}`).toEqual(messages);
    }
    expect(garbage).toEqual([]);
  });

  test('byte by byte, and in pieces of every length', () => {
    const bytes = Buffer.concat(messages.map(encode));
    for (const size of [1, 2, 3, 4, 5, 7, 64, 311, bytes.length]) {
      arrived.length = 0;
      for (let at = 0; at < bytes.length; at += size) deliver(bytes.subarray(at, at + size));
      expect(arrived, `pieces of ${size}`).toEqual(messages);
    }
  });

  test('what is cut off is no message yet', () => {
    const bytes = encode({ n: 1 });
    deliver(bytes.subarray(0, -1));
    expect(arrived).toEqual([]);
    deliver(bytes.subarray(-1), bytes.subarray(0, 2));
    expect(arrived).toEqual([{ n: 1 }]);
  });

  test('over a real socket, large ones too', async () => {
    const large = { text: 'y'.repeat(5_000_000) };
    for (const message of [...messages, large, { last: true }]) far.write(encode(message));
    await until(() => arrived.length === messages.length + 2, 'all arrived');
    expect(arrived.slice(0, messages.length)).toEqual(messages);
    expect((arrived.at(-2) as typeof large).text === large.text).toBe(true);
    far.end();
    await until(() => closed === 1, 'the close was seen');
  });

  test.each([
    ['a body that is no message', [4, 0, 0, 0, 1, 2, 3, 4]],
    ['an empty body', [0, 0, 0, 0]],
    ['a length that no message has', [0, 0, 0, 128]],
  ])('%s is garbage: it is told once, and nothing is read after it', async (_what, bytes) => {
    deliver(Buffer.concat([encode({ n: 1 }), Buffer.from(bytes), encode({ n: 2 })]));
    expect(arrived).toEqual([{ n: 1 }]);
    expect(garbage).toHaveLength(1);
    expect(garbage[0]).toMatchObject({ name: 'ProtocolError', message: 'Bytes arrived that are no message.' });
    expect(near.destroyed).toBe(true);
    await until(() => closed === 1, 'the close was seen');
  });

  test('a length alone takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    deliver(Buffer.from([255, 255, 255, 127]), Buffer.alloc(10));
    expect(arrived).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
  });
});
