import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, Server, Socket, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Handle } from '../../src/channel/channel.js';
import { describeHandle, isNative, nativeOf, objectOf, readOn, stopReading } from '../../src/channel/native-handles.js';
import { until } from '../support/processes.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(options = {}): Promise<Server> {
  const server = createServer(options).listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  return server;
}

/** Both ends of a connection, of which the accepted one has not been read. */
async function connection(
  options: object = { pauseOnConnect: true, allowHalfOpen: true },
): Promise<{ accepted: Socket; far: Socket }> {
  const server = await listening(options);
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  closers.push(
    () => accepted.destroy(),
    () => far.destroy(),
  );
  return { accepted, far };
}

/** Takes the native handle from an object, which knows no more of it, as the operating system would. */
function takeNative(handle: Handle): ReturnType<typeof nativeOf> {
  const native = nativeOf(handle);
  if (!(handle instanceof Server) && handle instanceof Socket) (handle as { _handle?: unknown })._handle = null;
  return native;
}

describe('a description says what the other process must know', () => {
  test('of a socket', async () => {
    const { accepted } = await connection();
    expect(describeHandle(accepted)).toEqual({ kind: 'socket', allowHalfOpen: true });
  });

  test('of a server', async () => {
    const server = await listening({ pauseOnConnect: true });
    expect(describeHandle(server)).toEqual({ kind: 'server', allowHalfOpen: false, pauseOnConnect: true });
  });

  test.each(['udp4', 'udp6'] as const)('of a datagram socket: %s', (type) => {
    const socket = createSocket(type);
    expect(describeHandle(socket)).toEqual({ kind: 'dgram', type });
    socket.close();
  });
});

describe('the native handle', () => {
  test('is found for each kind that is open, and recognized', async () => {
    const { accepted } = await connection();
    const datagrams = createSocket('udp4').bind(0, '127.0.0.1');
    await once(datagrams, 'listening');
    for (const handle of [accepted, await listening(), datagrams]) expect(isNative(nativeOf(handle))).toBe(true);
    datagrams.close();
  });

  test('is missing if nothing is open', () => {
    expect(nativeOf(new Socket())).toBeUndefined();
    expect(nativeOf(new Server())).toBeUndefined();
    for (const value of [undefined, null, {}, { constructor: { name: 'Socket' } }, 5])
      expect(isNative(value)).toBe(false);
  });
});

test('data that arrives before the object is made waits for it', async () => {
  const { accepted, far } = await connection();
  const description = describeHandle(accepted);
  const native = takeNative(accepted);
  far.write('early');
  await sleep(20);
  const again = objectOf(native as never, description) as Socket;
  closers.push(() => again.destroy());
  expect(String((await once(again, 'data'))[0])).toBe('early');
  expect(again.allowHalfOpen).toBe(true);
});

test('a datagram socket that is made from a handle has the same port', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const again = objectOf(nativeOf(socket) as never, describeHandle(socket)) as typeof socket;
  expect(again.address().port).toBe(socket.address().port);
  again.close();
});

describe('a socket that is to move', () => {
  test('is no longer read, and is read again if it stays', async () => {
    const { accepted, far } = await connection();
    const chunks: string[] = [];
    accepted.on('data', (chunk) => chunks.push(String(chunk))).resume();
    far.write('first');
    await until(() => chunks.length === 1, 'the first chunk');
    stopReading(accepted);
    far.write('second');
    await sleep(30);
    expect(chunks).toEqual(['first']);
    readOn(accepted);
    await until(() => chunks.length === 2, 'the second chunk');
  });

  test('is read again also for a listener that is added later', async () => {
    const { accepted, far } = await connection({});
    stopReading(accepted);
    readOn(accepted);
    far.write('late');
    expect(String((await once(accepted, 'data'))[0])).toBe('late');
  });

  test('and was not being read is not read if it stays', async () => {
    const { accepted, far } = await connection();
    stopReading(accepted);
    readOn(accepted);
    far.write('early');
    await sleep(30);
    expect(accepted.bytesRead).toBe(0);
  });
});

test('only an open socket can be stopped', () => {
  for (const handle of [new Server(), new Socket(), new Socket().destroy()]) {
    expect(() => stopReading(handle)).not.toThrow();
    expect(() => readOn(handle)).not.toThrow();
  }
});
