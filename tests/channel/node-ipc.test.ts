import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Channel } from '../../src/channel/channel.js';
import { nodeIpcChannel } from '../../src/channel/node-ipc.js';
import { ipcProgram } from '../support/ipc-children.js';
import { until } from '../support/processes.js';

let child: ChildProcess;
let channel: Channel;
let arrived: unknown[];
let closed: number;
beforeEach(() => {
  child = fork(ipcProgram('echo.js'), [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  channel = nodeIpcChannel(child);
  arrived = [];
  closed = 0;
  channel.onMessage((message) => arrived.push(message));
  channel.onClose(() => closed++);
});
afterEach(async () => {
  child.kill('SIGKILL');
  if (child.connected) await once(child, 'disconnect');
});

const arrival = (count: number): Promise<void> => until(() => arrived.length === count, `${count} messages`);

test('messages are sent and received in order, and the sender is told that they have left', async () => {
  let written = 0;
  for (const n of [1, 2, 3]) channel.send({ n }, undefined, () => written++);
  await arrival(3);
  expect(arrived).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(written).toBe(3);
});

test('a handle is sent with its message, and stays open here', async () => {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  channel.send({ with: 'a server' }, server);
  await arrival(1);
  expect(server.listening).toBe(true);
  server.close();
});

test('it is watched as soon as somebody else listens, or replaces send()', () => {
  const { send } = child;
  expect(channel.isWatched?.()).toBe(false);
  child.send = (() => true) as typeof send;
  expect(channel.isWatched?.()).toBe(true);
  child.send = send;
  expect(channel.isWatched?.()).toBe(false);

  const watchers = child.listenerCount('newListener');
  let told = 0;
  channel.onWatched?.(() => told++);
  child.once('disconnect', () => {});
  expect(channel.isWatched?.()).toBe(false);
  child.once('message', () => {});
  child.on('message', () => {});
  expect([channel.isWatched?.(), told]).toEqual([true, 1]);
  expect(child.listenerCount('newListener')).toBe(watchers - 1);
});

test('it is watched by listeners that were there before', () => {
  expect(nodeIpcChannel(child).isWatched?.()).toBe(true);
});

test('a message that nobody needs to see does not pass a replaced send()', async () => {
  child.send = (() => true) as typeof child.send;
  channel.sendUnseen?.({ n: 1 });
  await arrival(1);
  expect(arrived).toEqual([{ n: 1 }]);
});

test('a toJSON() of every object changes no such message either', async () => {
  const { prototype } = Object;
  Object.defineProperty(prototype, 'toJSON', { value: () => 'changed', configurable: true });
  try {
    channel.sendUnseen?.({ n: 1 });
  } finally {
    Reflect.deleteProperty(prototype, 'toJSON');
  }
  await arrival(1);
  expect(arrived).toEqual([{ n: 1 }]);
});

test('close() is seen by the other side, and nothing is delivered after it', async () => {
  channel.send({ n: 1 });
  await arrival(1);
  channel.send({ n: 2 });
  channel.close();
  const listeners = child.listenerCount('message');
  await once(child, 'exit');
  expect(arrived).toEqual([{ n: 1 }]);
  expect(closed).toBe(1);
  expect(listeners).toBe(0);
  channel.close();
});

test('the death of the child closes it, and sending then is harmless', async () => {
  channel.send('ready' as never);
  await arrival(1);
  child.kill('SIGKILL');
  channel.send({ lost: 'perhaps' });
  await until(() => closed === 1, 'the close was seen');
  channel.send({ lost: 'surely' });
});
