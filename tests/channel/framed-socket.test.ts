import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from '../../src/channel/channel.js';
import { framedSocket } from '../../src/channel/framed-socket.js';
import { frame, messageFormat } from '../../src/channel/frames.js';
import type { ProtocolError } from '../../src/errors.js';
import { until } from '../support/processes.js';
import { SocketPairs } from '../support/socket-pair.js';
import { sleep } from '../support/streams.js';

const pairs = new SocketPairs();
afterAll(() => pairs.close());

const messages = [{ type: 'first', text: 'é🦊' }, { n: 1 }, { list: [1, [2], null] }, { big: 'x'.repeat(300) }];

describe.each(['json', 'advanced'] as const)('messages on a socket, in %s mode', (mode) => {
  const format = messageFormat(mode);
  const encode = (message: object): Buffer => frame(format.encode(message));
  let near: Socket;
  let far: Socket;
  let channel: Channel;
  let arrived: unknown[];
  let garbage: ProtocolError[];
  let closed: number;

  beforeEach(async () => {
    ({ near, far } = await pairs.next());
    [arrived, garbage, closed] = [[], [], 0];
    channel = framedSocket(near, format, (error) => garbage.push(error));
    channel.onMessage((message) => arrived.push(message));
    channel.onClose(() => closed++);
  });
  afterEach(async () => {
    far.destroy();
    if (!near.closed) await once(near.destroy(), 'close');
  });

  /** Writes bytes in pieces that arrive one by one. */
  const deliver = async (...pieces: Buffer[]): Promise<void> => {
    for (const piece of pieces) {
      far.write(piece);
      await sleep(5);
    }
  };

  test('arrive whole, in pieces of every kind', async () => {
    const bytes = Buffer.concat(messages.map(encode));
    for (const size of [bytes.length, 311, 64, 7]) {
      arrived.length = 0;
      const pieces = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      await deliver(...pieces);
      await until(() => arrived.length >= messages.length, `pieces of ${size}`);
      expect(arrived, `pieces of ${size}`).toEqual(messages);
    }
    expect(garbage).toEqual([]);
  });

  test('a message that is cut off has not arrived yet', async () => {
    const bytes = encode({ n: 1 });
    await deliver(bytes.subarray(0, -1));
    expect(arrived).toEqual([]);
    await deliver(bytes.subarray(-1), bytes.subarray(0, 2));
    expect(arrived).toEqual([{ n: 1 }]);
  });

  test('cross a real socket, even if they are large', async () => {
    const large = { text: 'y'.repeat(5_000_000) };
    for (const message of [...messages, large, { last: true }]) far.write(encode(message));
    await until(() => arrived.length === messages.length + 2, 'all arrived');
    expect(arrived.slice(0, messages.length)).toEqual(messages);
    expect((arrived.at(-2) as typeof large).text === large.text).toBe(true);
    far.end();
    await until(() => closed === 1, 'the close was seen');
  });

  test.each([
    ['a body that is not a message', [4, 0, 0, 0, 1, 2, 3, 4]],
    ['an empty body', [0, 0, 0, 0]],
    ['a length that no message has', [0, 0, 0, 128]],
  ])('%s is garbage: it is reported once, and nothing is read after it', async (_what, bytes) => {
    await deliver(Buffer.concat([encode({ n: 1 }), Buffer.from(bytes), encode({ n: 2 })]));
    await until(() => garbage.length > 0, 'the garbage was seen');
    expect(arrived).toEqual([{ n: 1 }]);
    expect(garbage).toHaveLength(1);
    expect(garbage[0]).toMatchObject({ name: 'ProtocolError', message: 'Bytes arrived that are not a message.' });
    await until(() => closed === 1, 'the close was seen');
  });

  test('are sent in frames that the other side reads', async () => {
    const other: unknown[] = [];
    const reader = framedSocket(far, format, () => {});
    reader.onMessage((message) => other.push(message));
    for (const message of messages) channel.send(message);
    await until(() => other.length === messages.length, 'all arrived');
    expect(other).toEqual(messages);
    reader.close();
  });

  test('are not delivered after close(), and sending then is harmless', async () => {
    await deliver(encode({ n: 1 }));
    channel.close();
    await deliver(encode({ n: 2 }));
    channel.send({ n: 3 });
    await until(() => closed === 1, 'the close was seen');
    expect(arrived).toEqual([{ n: 1 }]);
    expect(garbage).toEqual([]);
  });
});
