import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildForDebugging } from '../../support/native-builds.js';
import { isWindows, nextConnection, serve, start, startWith } from '../../support/process-proxy.js';
import { until } from '../../support/processes.js';
import { Relay } from '../../support/relay.js';

const lost = 'process-proxy: the connection to the server is lost\n';
const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

test.each([
  ['poll()', []],
  ['select()', ['-DPROCESS_PROXY_USE_SELECT']],
])('the invariants of a debug build that waits with %s hold while its socket is cut', async (_how, flags) => {
  await using server = await serve();
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const { child, ended } = start(relay.env(server.env), { path: buildForDebugging(...flags) });
  const data = randomBytes(4 * 1024 * 1024);
  child.stdin.end(data);
  const connection = await connected;
  const cutting = (async () => {
    for (let cut = 0; cut < 10; cut++) {
      await sleep(20);
      relay.cut();
    }
  })();
  for await (const chunk of connection.stdin)
    if (!connection.stdout.write(chunk)) await once(connection.stdout, 'drain');
  await cutting;
  await connection.exit(21);
  const { stdout, stderr, code } = await ended;
  expect({ hash: sha(stdout), stderr, code }).toEqual({ hash: sha(data), stderr: '', code: 21 });
  await relay.close();
});

test('a server that ends in the handshake is given up, with or without a session', async () => {
  for (const hasSession of [true, false]) {
    const server = createServer((socket) => {
      server.close();
      socket.resetAndDestroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const env = { PROCESS_PROXY_PORT: port, ...(hasSession ? { PROCESS_PROXY_SESSION: `1:${port}` } : {}) };
    expect(await start(env).ended).toMatchObject({
      code: 1,
      stderr: lost,
    });
  }
});

test('an executable whose server was killed ends with an error', async () => {
  const server = fork(fileURLToPath(new URL('../../fixtures/proxy-server.js', import.meta.url)), ['300']);
  const [env] = (await once(server, 'message')) as [Record<string, string>];
  const { child, ended } = start(env);
  await once(child.stdout, 'data');
  server.kill('SIGKILL');
  expect(await ended).toMatchObject({ code: 1, signal: null, stderr: lost });
  if (!isWindows) expect(() => process.kill(child.pid ?? 0, 0)).toThrow('ESRCH');
});

// On Windows a write blocks the whole executable, as docs/reference/process-proxy.md says.
test.skipIf(isWindows)('an executable whose output is not read still reconnects', async () => {
  await using server = await serve();
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const child = startWith(relay.env(server.env), ['ignore', 'pipe', 'inherit']);
  const closed = once(child, 'close');
  const connection = await connected;
  const output = randomBytes(4 * 1024 * 1024);
  connection.stdout.write(output);
  for (let cut = 0; cut < 3; cut++) {
    relay.cut();
    const before = relay.bytes;
    await until(() => relay.bytes > before, 'the next hello');
  }
  expect(connection.closed).toBe(false);
  const stdout = child.stdout && buffer(child.stdout);
  await connection.exit(8);
  expect(await closed).toEqual([8, null]);
  expect(sha((await stdout) ?? Buffer.alloc(0))).toBe(sha(output));
  await relay.close();
});

/** A server that accepts sockets and only writes the given bytes to them. Returns the variables of an executable for it. */
async function serveBytes(bytes: number[], hasSession: boolean): Promise<Record<string, string>> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).write(Buffer.from(bytes));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  return { PROCESS_PROXY_PORT: port, ...(hasSession ? { PROCESS_PROXY_SESSION: `1:${port}` } : {}) };
}

const silent = (env: Record<string, string>, ms: number): string =>
  `process-proxy: the server on 127.0.0.1:${env['PROCESS_PROXY_PORT']} accepted the connection and said nothing for ${ms} ms. ` +
  'Is it a ProcessProxyServer?\n';

/** In ms. A debug build has a shorter limit than the default of 10,000. */
const SHORT_LIMIT = 2500;

test.concurrent.each([
  ['with a session', true],
  ['without a session', false],
])('an executable whose server says nothing gives up %s', async (_how, hasSession) => {
  const env = await serveBytes([], hasSession);
  expect(await start(env).ended).toMatchObject({ code: 1, stderr: silent(env, 10_000) });
});

describe.concurrent('a debug build whose server says nothing', () => {
  let path: string;
  beforeAll(() => {
    path = buildForDebugging(`-DSILENCE_LIMIT=${SHORT_LIMIT}`);
  });

  test.each([
    ['half of a welcome', [0, 0, 0]],
    ['one sign that the token is being validated', [2]],
  ])('gives up after %s', async (_what, bytes) => {
    const env = await serveBytes(bytes, true);
    expect(await start(env, { path }).ended).toMatchObject({ code: 1, stderr: silent(env, SHORT_LIMIT) });
  });

  test('waits while its token is being validated', async () => {
    await using server = await serve({ validateConnection: async () => sleep(2 * SHORT_LIMIT, true) });
    server.on('connection', (connection) => void connection.exit(3));
    expect(await start(server.env, { path }).ended).toMatchObject({ code: 3, stderr: '' });
  });

  test.each([
    ['with a session', true],
    ['without a session', false],
  ])('waits for a listener that takes its time %s', async (_how, hasSession) => {
    await using server = await serve();
    server.on('connection', async (connection) => {
      await sleep(2 * SHORT_LIMIT);
      await connection.exit(4);
    });
    const env = { ...server.env, ...(hasSession ? {} : { PROCESS_PROXY_SESSION: undefined }) };
    expect(await start(env, { path }).ended).toMatchObject({ code: 4, stderr: '' });
  });
});
