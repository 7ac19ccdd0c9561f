import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';

let near: MemoryChannel;
let far: MemoryChannel;
let log: unknown[];
beforeEach(() => {
  [near, far] = memoryChannelPair();
  log = [];
  for (const [name, end] of Object.entries({ near, far })) {
    end.onMessage((message) => log.push([name, message]));
    end.onClose(() => log.push([name, 'closed']));
  }
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('messages arrive at the other end, in order, and not before the event loop turns', async () => {
  near.send({ n: 1 });
  far.send({ n: 2 });
  near.send({ n: 3 });
  await Promise.resolve();
  expect(log).toEqual([]);
  await settled();
  expect(log).toEqual([
    ['far', { n: 1 }],
    ['near', { n: 2 }],
    ['far', { n: 3 }],
  ]);
});

test('a message is a copy, made when it is sent', async () => {
  const message = { list: [1] };
  near.send(message);
  message.list.push(2);
  await settled();
  expect(log).toEqual([['far', { list: [1] }]]);
});

test('a message that cannot be written throws at the sender', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(() => near.send(cyclic)).toThrow(TypeError);
});

test('both ends close once, after earlier messages', async () => {
  near.send({ n: 1 });
  near.close();
  near.close();
  await settled();
  far.close();
  await settled();
  expect(log[0]).toEqual(['far', { n: 1 }]);
  const closes = log.slice(1) as [string, string][];
  expect(new Map(closes)).toEqual(
    new Map([
      ['near', 'closed'],
      ['far', 'closed'],
    ]),
  );
  expect(closes).toHaveLength(2);
});

test('sending on a closed channel is harmless', async () => {
  near.close();
  await settled();
  near.send({ n: 1 });
  far.send({ n: 2 });
  await settled();
  expect(log).not.toContainEqual(['far', { n: 1 }]);
  expect(log).not.toContainEqual(['near', { n: 2 }]);
});

test('carries in each mode the values of that mode', async () => {
  const value = { map: new Map([[1, 2n]]), bytes: new Uint8Array([1, 2]), missing: undefined };
  const [sender, receiver] = memoryChannelPair('advanced');
  receiver.onMessage((message) => log.push(message));
  sender.send(value);
  await settled();
  expect(log).toEqual([value]);
  expect(() => sender.send({ fn: () => {} })).toThrow(/could not be cloned/);
  expect(() => near.send({ big: 1n })).toThrow(TypeError);
});

test('a handle arrives as itself, and `written` is called before it arrives', async () => {
  far.onMessage((_message, handle) => log.push(handle));
  const socket = new Socket();
  near.send({}, socket, () => log.push('written'));
  await settled();
  expect(log).toEqual(['written', socket]);
});

test('the asynchronous context of a sender does not cross', async () => {
  const storage = new AsyncLocalStorage<string>();
  const [sender, receiver] = storage.run('maker', () => memoryChannelPair());
  receiver.onMessage(() => log.push(storage.getStore()));
  storage.run('sender', () => sender.send({}));
  await settled();
  expect(log).toEqual(['maker']);
});

test('an end that has closed itself gets nothing more, even if messages are in transit', async () => {
  near.send({ n: 1 });
  far.close();
  await settled();
  expect(log).toEqual([
    ['far', 'closed'],
    ['near', 'closed'],
  ]);
});

test('messages in transit arrive at once, in order, when their sender is about to block', async () => {
  near.send({ n: 1 });
  near.send({ n: 2 });
  far.send({ n: 3 });
  near.flush();
  expect(log).toEqual([
    ['far', { n: 1 }],
    ['far', { n: 2 }],
  ]);
  near.send({ n: 4 });
  await settled();
  expect(log).toHaveLength(4);
  expect(log).toContainEqual(['near', { n: 3 }]);
  expect(log).toContainEqual(['far', { n: 4 }]);
});
