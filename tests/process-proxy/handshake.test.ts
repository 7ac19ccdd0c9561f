import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serve, start } from '../support/process-proxy.js';
import { blockUntil, until } from '../support/processes.js';
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

test('endless junk is not kept in memory', async () => {
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

/** Blocks the event loop in each of its turns, until it is stopped. */
function blockEveryTurn(ms: number): () => void {
  const block = (): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    immediate = setImmediate(block);
  };
  let immediate = setImmediate(block);
  return () => clearImmediate(immediate);
}

test('time in which this process is blocked does not count against handshakeTimeout', async () => {
  await using server = await serve({ handshakeTimeout: 50 });
  server.on('connection', (connection) => void connection.exit(9));
  const runs = [1, 2, 3, 4].map(() => start(server.env));
  const unblock = blockEveryTurn(150);
  const ends = await Promise.all(runs.map(({ ended }) => ended));
  unblock();
  expect(ends.map(({ code }) => code)).toEqual([9, 9, 9, 9]);
});

/** Connects as many times as its argument says, sends a hello each time, makes a file, and waits for the end of its stdin. */
const crowd = `
const [port, count, hello, marker] = process.argv.slice(1);
const connected = () =>
  new Promise((resolve) => {
    const client = require('net').connect(port, '127.0.0.1', () => client.write(hello, 'hex', resolve));
  });
void Promise.all(Array.from({ length: Number(count) }, connected)).then(() => require('fs').writeFileSync(marker, ''));
process.stdin.resume().on('end', () => process.exit());
`;

test('three hundred clients that connect while this process is blocked are all served', async () => {
  await using server = await serve({ token: 'known' });
  let connections = 0;
  server.on('connection', () => connections++);
  const folder = mkdtempSync(join(tmpdir(), 'procxy-crowd-'));
  const marker = join(folder, 'connected');
  const args = [String(server.getPort()), '300', hello('known').toString('hex'), marker];
  const clients = spawn(process.execPath, ['-e', crowd, ...args], { stdio: ['pipe', 'ignore', 'inherit'] });
  blockUntil(marker);
  await until(() => connections === 300, 'the last connection');
  clients.stdin.end();
  rmSync(folder, { recursive: true });
});

test('a silent socket is closed also while this process is blocked again and again', async () => {
  await using server = await serve({ handshakeTimeout: 50 });
  const socket = await stranger(server);
  const unblock = blockEveryTurn(60);
  await closed(socket);
  unblock();
});
