import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { serve } from '../support/process-proxy.js';
import { closed, expectService, hello, SESSION, stranger } from '../support/strangers.js';

test('a stranger never becomes a connection, and executables are still served', async () => {
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
    hello('wrong', SESSION),
    hello(token, 'ProcessProxy 0001 '),
    hello(token, 'processproxy 0002 '),
  ];
  const sockets = await Promise.all(attempts.map((bytes) => stranger(server, bytes)));
  // A port scanner connects and leaves.
  for (let scan = 0; scan < 20; scan++) (await stranger(server)).destroy();
  // A hello may stop before its end.
  sockets.push(await stranger(server, hello(token).subarray(0, 100)), await stranger(server, 'Pro'));
  const half = await stranger(server, hello(token).subarray(0, 50));
  half.end();
  await Promise.all([...sockets, half].map(closed));
  expect(connections).toBe(0);
  await expectService(server);
  expect({ connections, errors: server.errors }).toEqual({ connections: 1, errors: [] });
});

test('a hello may arrive byte by byte', async () => {
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

test('a thousand silent sockets cost little memory, and are closed', { timeout: 120_000 }, async () => {
  await using server = await serve();
  const sockets: Socket[] = [];
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 10; round++) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => stranger(server)))));
    await expectService(server);
  }
  await Promise.all(sockets.map(closed));
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  await expectService(server);
});

test('junk without an end is not collected', async () => {
  await using server = await serve();
  const socket = await stranger(server);
  const before = process.memoryUsage().rss;
  const chunk = Buffer.alloc(1024 * 1024, 'ProcessProxy 0002 ');
  for (let sent = 0; sent < 200 && !socket.destroyed; sent++) {
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  await closed(socket);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  await expectService(server);
});
