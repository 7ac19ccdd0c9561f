import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { ProcessProxyServer } from 'procxy/process-proxy';
import { expect, test } from 'vitest';
import { connect, serve, start } from '../support/process-proxy.js';

/** A socket to the server, from nobody in particular. */
async function stranger(server: ProcessProxyServer, bytes: Buffer | string = ''): Promise<Socket> {
  const socket = connectSocket(server.getPort(), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => void socket.once('close', resolve));
}

function hello(token: string, magic = 'ProcessProxy 0002 '): Buffer {
  return Buffer.concat([
    Buffer.from(magic),
    Buffer.from(token.padEnd(128, '\0')),
    Buffer.alloc(magic.includes('3') ? 29 : 0),
  ]);
}

async function expectHonest(server: ProcessProxyServer): Promise<void> {
  const { connection, ended } = await connect(server);
  await connection.exit(11);
  expect((await ended).code).toBe(11);
}

test('what is no executable with the token never becomes a connection, and others are served all the same', async () => {
  await using server = await serve();
  let connections = 0;
  server.on('connection', () => connections++);
  const { PROCESS_PROXY_TOKEN: token = '' } = server.env;
  const attempts = [
    randomBytes(4096),
    Buffer.alloc(100_000),
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    hello(''),
    hello('wrong'),
    hello(token.slice(0, -1)),
    hello(`${token}x`),
    hello(token.toUpperCase()),
    hello('wrong', 'ProcessProxy 0003 '),
    hello(token, 'ProcessProxy 0001 '),
    hello(token, 'processproxy 0002 '),
  ];
  const sockets = await Promise.all(attempts.map((bytes) => stranger(server, bytes)));
  // A port scanner connects and leaves.
  for (let scan = 0; scan < 20; scan++) (await stranger(server)).destroy();
  // A hello may stop in its middle.
  sockets.push(await stranger(server, hello(token).subarray(0, 100)), await stranger(server, 'Pro'));
  const half = await stranger(server, hello(token).subarray(0, 50));
  half.end();
  await Promise.all([...sockets, half].map(closed));
  expect(connections).toBe(0);
  await expectHonest(server);
  expect({ connections, errors: server.errors }).toEqual({ connections: 1, errors: [] });
});

test('a hello may come byte by byte', async () => {
  await using server = await serve({ token: 'abc', handshakeTimeout: 20_000 });
  const connected = once(server, 'connection');
  const socket = await stranger(server);
  for (const byte of hello('abc')) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await connected)[0]).toMatchObject({ token: 'abc' });
  socket.destroy();
});

test('a thousand silent connections cost little, and go', { timeout: 120_000 }, async () => {
  await using server = await serve();
  const sockets: Socket[] = [];
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 10; round++) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => stranger(server)))));
    await expectHonest(server);
  }
  await Promise.all(sockets.map(closed));
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  await expectHonest(server);
});

test('junk that never ends is not collected', async () => {
  await using server = await serve();
  const socket = await stranger(server);
  const before = process.memoryUsage().rss;
  const chunk = Buffer.alloc(1024 * 1024, 'ProcessProxy 0002 ');
  for (let sent = 0; sent < 200 && !socket.destroyed; sent++) {
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  await closed(socket);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  await expectHonest(server);
});

test.each([
  ['a response to no command', Buffer.from([0, 0, 0, 0])],
  ['a response that is far too long', Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])],
  ['an error that is far too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])],
])('a client with the token that sends %s is cut off', async (_, bytes) => {
  await using server = await serve({ token: 'known' });
  const connected = once(server, 'connection');
  const socket = await stranger(server, hello('known'));
  const [connection] = (await connected) as Awaited<typeof connected>;
  const errors: unknown[] = [];
  connection.on('error', (error: unknown) => errors.push(error));
  const args = bytes.length > 4 ? connection.getArgs() : Promise.resolve();
  const outcome = args.catch((error: unknown) => error);
  socket.write(bytes);
  await closed(socket);
  if (bytes.length > 4) expect(await outcome).toMatchObject({ code: 'PROCXY_PROTOCOL' });
  expect(errors).toEqual([expect.objectContaining({ name: 'ProtocolError' })]);
  expect(connection.closed).toBe(true);
});

test.each([
  ['an unknown frame', [9]],
  ['a frame that is too long', [0, 1, 0, 1, 0]],
  ['an acknowledgement of what was not sent', [1, 255, 255, 0, 0, 0, 0, 0, 0]],
  ['an unknown message', [0, 1, 0, 0, 0, 7]],
])('a session with the token that sends %s is cut off', async (_, bytes) => {
  await using server = await serve({ token: 'known' });
  const connected = once(server, 'connection');
  const socket = await stranger(server, hello('known', 'ProcessProxy 0003 '));
  const [connection] = (await connected) as Awaited<typeof connected>;
  const errors: unknown[] = [];
  connection.on('error', (error: unknown) => errors.push(error));
  socket.write(Buffer.from(bytes));
  await closed(socket);
  expect(errors).toEqual([expect.objectContaining({ code: 'PROCXY_PROTOCOL' })]);
  await expectHonest(server);
});

test('a client that stops in the middle of its answer keeps nobody waiting but whoever asked it', async () => {
  await using server = await serve({ token: 'known' });
  const connected = once(server, 'connection');
  const socket = await stranger(server, hello('known'));
  const [connection] = (await connected) as Awaited<typeof connected>;
  const outcome = connection.getArgs().catch((error: unknown) => error);
  socket.write(Buffer.from([0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0x61]));
  await expectHonest(server);
  socket.destroy();
  expect(await outcome).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
});

test('a session is resumed by nobody who lacks its token, nor at what was never sent', async () => {
  await using server = await serve({ validateConnection: () => true });
  const connected = once(server, 'connection');
  const first = await stranger(server, hello('mine', 'ProcessProxy 0003 '));
  const [connection] = (await connected) as Awaited<typeof connected>;
  for (const bytes of [hello('other', 'ProcessProxy 0003 '), hello('mine', 'ProcessProxy 0003 ')]) {
    bytes.writeUInt8(bytes.includes('mine') ? 200 : 0, bytes.length - 8);
    const socket = await stranger(server, bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect([...answer]).toEqual([1]);
    await closed(socket);
  }
  expect(connection.closed).toBe(false);
  first.destroy();
});

test('the server listens on the loopback interface only', async () => {
  await using server = await serve();
  expect(server.address()).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
  const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const { address, family } of others.filter(({ internal }) => !internal)) {
    const socket = connectSocket({ port: server.getPort(), host: family === 'IPv4' ? address : `${address}%lo` });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/ECONNREFUSED|EINVAL|ENETUNREACH|EADDRNOTAVAIL|ENOTFOUND/);
  }
});

test('validateConnection decides, may take its time, and may fail', async () => {
  const seen: string[] = [];
  await using server = await serve({
    handshakeTimeout: 200,
    validateConnection: async (token) => {
      seen.push(token);
      if (token === 'bad') throw new Error('the database is gone');
      if (token === 'slow') await new Promise((resolve) => setTimeout(resolve, 400));
      return token !== 'no';
    },
  });
  server.on('connection', (connection) => void connection.exit(0));
  const codes = await Promise.all(
    ['zwölf', 'slow', 'no', 'bad'].map(async (token) => {
      return (await start({ ...server.env, PROCESS_PROXY_TOKEN: token }).ended).code;
    }),
  );
  expect(codes).toEqual([0, 0, 1, 1]);
  expect(seen.toSorted()).toEqual(['bad', 'no', 'slow', 'zwölf']);
  expect(server.errors.map(String)).toEqual(['Error: the database is gone']);
});
