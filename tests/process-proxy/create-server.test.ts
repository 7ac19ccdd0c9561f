import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createProxyProcessServer, getExecutablePath, type ProxyProcessServer } from 'procxy/process-proxy';
import { afterEach, expect, test } from 'vitest';
import { start } from '../support/process-proxy.js';

const running = new Set<ProxyProcessServer>();
afterEach(() => {
  for (const server of running) server.close();
  running.clear();
});

/** Creates a server, and makes it listen on a free port. */
async function listen(...args: Parameters<typeof createProxyProcessServer>): Promise<ProxyProcessServer> {
  const server = createProxyProcessServer(...args);
  running.add(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

test('it listens on the port that listen() names', async () => {
  const first = await listen(() => {});
  const { port } = first.address() as AddressInfo;
  await new Promise((resolve) => void first.close(resolve));
  const server = createProxyProcessServer((connection) => void connection.exit(5));
  running.add(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect((await start(server.env).ended).code).toBe(5);
  expect(server.env['PROCESS_PROXY_PORT']).toBe(String(port));
});

test('with `env`, an executable has a session, and with the port alone it has none', async () => {
  const server = await listen(async (connection) => {
    connection.stdin.pipe(connection.stdout, { end: false });
    connection.stdin.once('end', () => void connection.exit(6));
  });
  for (const env of [server.env, { PROCESS_PROXY_PORT: server.env['PROCESS_PROXY_PORT'] }]) {
    const { child, ended } = start(env);
    child.stdin.end('input');
    const { stdout, code } = await ended;
    expect({ stdout: stdout.toString(), code }).toEqual({ stdout: 'input', code: 6 });
  }
});

test.each([
  ['`token`', { token: 'secret' }],
  ['`validateConnection`', { validateConnection: async (token: string) => token === 'secret' }],
])('with %s, other tokens are refused', async (_name, options) => {
  const server = await listen((connection) => void connection.exit(0), options);
  const codes = ['secret', 'guess', ''].map(
    async (token) => (await start({ ...server.env, PROCESS_PROXY_TOKEN: token }).ended).code,
  );
  expect(await Promise.all(codes)).toEqual([0, 1, 1]);
});

test('an error of validateConnection() is an error of the server', async () => {
  const validateConnection = (): boolean => {
    throw new Error('the database is gone');
  };
  const server = await listen(() => expect.unreachable(), { validateConnection });
  expect((await start(server.env).ended).code).toBe(1);
  const reported = once(server, 'error');
  expect((await start(server.env).ended).code).toBe(1);
  expect(String(await reported)).toBe('Error: the database is gone');
});

test('the options of net.createServer() are accepted', async () => {
  const server = await listen((connection) => void connection.exit(7), {
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: false,
    keepAlive: true,
    handshakeTimeout: 5000,
  });
  for (const env of [server.env, { ...server.env, PROCESS_PROXY_SESSION: undefined }]) {
    expect((await start(env).ended).code).toBe(7);
  }
});

test.each<[object, string]>([
  [{ handshakeTimout: 5 }, 'createProxyProcessServer() needs options that it knows, but got `handshakeTimout`'],
  [{ handshakeTimeout: -1 }, 'createProxyProcessServer() needs `handshakeTimeout` in ms'],
  [{ token: '' }, 'createProxyProcessServer() needs a `token`'],
])('the options %j are refused', (options, message) => {
  expect(() => createProxyProcessServer(() => {}, options)).toThrow(message);
});

test('close() leaves open connections alone', async () => {
  let resolve: (code: number) => void;
  const code = new Promise<number>((done) => (resolve = done));
  const server = await listen(async (connection) => connection.exit(await code));
  const { child, ended } = start(server.env, { path: getExecutablePath() });
  // The connection is there when its first command is answered.
  const closed = once(server, 'close');
  await expect.poll(() => connections(server)).toBe(1);
  server.close();
  child.stdin.end();
  resolve!(8);
  expect((await ended).code).toBe(8);
  await closed;
  expect(() => server.env).toThrow('Wait for its `listening` event first');
});

function connections(server: ProxyProcessServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
