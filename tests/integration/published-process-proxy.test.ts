/** Runs the executable of the npm package `process-proxy` 0.6.0 with this server, and this executable with its server. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as published from 'process-proxy';
import * as ours from 'procxy/process-proxy';
import { afterEach, describe, expect, test } from 'vitest';
import { connect, serve, start } from '../support/process-proxy.js';

const args = ['--flag', '', 'zwölf 日本語 🎉'];
const variables = { WITH_EQUALS: 'a=b=c', EMPTY: '' };
const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('the published executable with this server', () => {
  const path = published.getProxyCommandPath('linux', 'x64');

  test('reports its arguments, environment and directory, and exits', async () => {
    await using server = await serve();
    const cwd = await realpath(tmpdir());
    const { connection, ended } = await connect(server, { path, args, env: variables, cwd });
    expect(await connection.getArgs()).toEqual([path, ...args]);
    expect(await connection.getEnv()).toEqual({ ...process.env, ...server.env, ...variables });
    expect(await connection.getCwd()).toBe(cwd);
    expect(connection.token).toBe(server.env['PROCESS_PROXY_TOKEN']);
    await connection.exit(42);
    expect(await ended).toMatchObject({ code: 42, stderr: '' });
    expect(server.errors).toEqual([]);
  });

  test('carries input, output and errors', async () => {
    await using server = await serve({ pollingInterval: 5 });
    const { connection, child, ended } = await connect(server, { path });
    const data = randomBytes(1024 * 1024);
    child.stdin.end(data);
    connection.stderr.write('note');
    for await (const chunk of connection.stdin) connection.stdout.write(chunk);
    await connection.exit(7);
    const { stdout, stderr, code } = await ended;
    expect({ hash: sha(stdout), stderr, code }).toEqual({ hash: sha(data), stderr: 'note', code: 7 });
  });

  test('is refused with a wrong token', async () => {
    await using server = await serve();
    server.on('connection', () => expect.unreachable());
    const { ended } = start({ ...server.env, PROCESS_PROXY_TOKEN: 'wrong' }, { path });
    expect((await ended).code).toBe(1);
  });
});

describe('this executable with the published server', () => {
  const path = ours.getExecutablePath();
  // The published server waits forever for an empty argument, also with its own executable.
  const filled = args.filter((arg) => arg !== '');
  const running = new Set<ReturnType<typeof published.createProxyProcessServer>>();
  afterEach(() => {
    for (const server of running) server.close();
    running.clear();
  });

  async function servePublished(
    token = 'secret',
  ): Promise<{ env: NodeJS.ProcessEnv; connected: Promise<published.ProcessProxyConnection> }> {
    let resolve: (connection: published.ProcessProxyConnection) => void;
    const connected = new Promise<published.ProcessProxyConnection>((done) => (resolve = done));
    const server = published.createProxyProcessServer((connection) => resolve(connection), {
      validateConnection: async (brought) => brought === token,
    });
    running.add(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { connected, env: { PROCESS_PROXY_PORT: String(port), PROCESS_PROXY_TOKEN: token } };
  }

  test('reports its arguments, environment and directory, and exits', async () => {
    const { env, connected } = await servePublished();
    const cwd = await realpath(tmpdir());
    const { ended } = start({ ...env, ...variables }, { path, args: filled, cwd });
    const connection = await connected;
    expect(await connection.getArgs()).toEqual([path, ...filled]);
    expect(await connection.getEnv()).toEqual({ ...process.env, ...env, ...variables });
    expect(await connection.getCwd()).toBe(cwd);
    expect(connection.token).toBe('secret');
    await connection.exit(42);
    expect(await ended).toMatchObject({ code: 42, stderr: '' });
  });

  test('carries input, output and errors', async () => {
    const { env, connected } = await servePublished();
    const { child, ended } = start(env, { path });
    const connection = await connected;
    const data = randomBytes(64 * 1024);
    child.stdin.end(data);
    connection.stderr.write('note');
    for await (const chunk of connection.stdin) connection.stdout.write(chunk);
    await new Promise((resolve) => void connection.stdout.end(resolve));
    await connection.exit(7);
    const { stdout, stderr, code } = await ended;
    expect({ hash: sha(stdout), stderr, code }).toEqual({ hash: sha(data), stderr: 'note', code: 7 });
  });

  test('is refused with a wrong token', async () => {
    const { env } = await servePublished();
    const { stderr, code } = await start({ ...env, PROCESS_PROXY_TOKEN: 'wrong' }, { path }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^process-proxy: the connection to the server is lost\n$/);
  });

  test('uses its wire, also below a program that this server started', async () => {
    await using server = await serve();
    const { env, connected } = await servePublished();
    const { ended } = start({ ...server.env, ...env }, { path });
    await (await connected).exit(3);
    expect((await ended).code).toBe(3);
  });
});

describe.each([
  ['of the published package', published.createProxyProcessServer, published.getAllProxyCommandPaths],
  ['of this one', ours.createProxyProcessServer, ours.getAllProxyCommandPaths],
])('the same program runs with the functions %s', (_whose, createServer, getPaths) => {
  test('createProxyProcessServer(), with a token', async () => {
    const server = createServer(
      (connection) => {
        connection.stdin.on('data', (data) => connection.stdout.write(String(data).toUpperCase()));
        connection.stdin.on('end', async () => {
          await connection.exit((await connection.getArgs()).length);
        });
      },
      { validateConnection: async (token) => token === 'secret', handshakeTimeout: 5000, keepAlive: true },
    );
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    const env = { PROCESS_PROXY_PORT: String(port), PROCESS_PROXY_TOKEN: 'secret' };
    const { child, ended } = start(env, { args: ['one', 'two'] });
    child.stdin.end('some input');
    expect(await ended).toMatchObject({ stdout: Buffer.from('SOME INPUT'), stderr: '', code: 3 });
    expect((await start({ ...env, PROCESS_PROXY_TOKEN: 'wrong' }).ended).code).toBe(1);
    const closed = once(server, 'close');
    server.close();
    await closed;
  });

  test('createProxyProcessServer(), without options', async () => {
    const server = createServer((connection) => void connection.exit(9));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await start({ PROCESS_PROXY_PORT: String(port) }).ended).code).toBe(9);
    server.close();
  });

  test('getAllProxyCommandPaths()', () => {
    const [own] = getPaths().filter(({ platform, arch }) => platform === process.platform && arch === process.arch);
    expect(Object.keys(own ?? {}).toSorted()).toEqual(['arch', 'path', 'platform']);
    expect(existsSync(own?.path ?? '')).toBe(true);
  });
});
