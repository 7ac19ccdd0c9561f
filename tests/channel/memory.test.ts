import { beforeEach, expect, test } from 'vitest';
import type { Channel } from '../../src/channel/channel.js';
import { memoryChannelPair } from '../../src/channel/memory.js';

let near: Channel;
let far: Channel;
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

test('messages arrive at the other end, in order, and not before the sender has gone on', async () => {
  near.send({ n: 1 });
  far.send({ n: 2 });
  near.send({ n: 3 });
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

test('what cannot be written throws at the sender', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(() => near.send(cyclic)).toThrow(TypeError);
});

test('both ends close once, after what was sent before', async () => {
  near.send({ n: 1 });
  near.close();
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
