import { ProcessProxyServer, ProcxyError, getExecutablePath } from 'procxy/process-proxy';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { connect, serve, start } from '../support/process-proxy.js';

test.each([
  [{ timeout: 1 }, '`timeout` is no option'],
  [{ token: '' }, '`token`'],
  [{ token: 'a\0b' }, '`token`'],
  [{ token: 'ä'.repeat(65) }, '`token`'],
  [{ validateConnection: true }, '`validateConnection`'],
  [{ handshakeTimeout: 0 }, '`handshakeTimeout`'],
  [{ reconnectTimeout: Infinity }, '`reconnectTimeout`'],
  [{ pollingInterval: '5' }, '`pollingInterval`'],
])('options are checked: %j', (options, message) => {
  const make = (): unknown => new ProcessProxyServer(options as never);
  expect(make).toThrow(expect.objectContaining({ code: 'PROCXY_OPTIONS_VALIDATION' }));
  expect(make).toThrow(message);
});

test('a token of 128 bytes goes through, and each server makes its own', async () => {
  const token = 'ö'.repeat(64);
  await using server = await serve({ token });
  const { connection, ended } = await connect(server);
  expect(connection.token).toBe(token);
  await connection.exit();
  expect((await ended).code).toBe(0);
  await using one = await serve();
  await using other = await serve();
  expect(one.env['PROCESS_PROXY_TOKEN']).toMatch(/^[0-9a-f]{64}$/);
  expect(one.env['PROCESS_PROXY_TOKEN']).not.toBe(other.env['PROCESS_PROXY_TOKEN']);
});

test('an executable that finds nobody who listens for connections is refused', async () => {
  await using server = await serve();
  const { code, stderr } = await start(server.env).ended;
  expect(code).toBe(1);
  expect(stderr).toBe('process-proxy: the server refused the connection. Is PROCESS_PROXY_TOKEN its token?\n');
});

test('before start() there is no port, and stop() is nothing', async () => {
  const server = new ProcessProxyServer();
  expect(() => server.getPort()).toThrow(ProcxyError);
  expect(() => server.env).toThrow('Await its start() first');
  await server.stop();
});

test.each([
  [{ PROCESS_PROXY_PORT: undefined }, 'PROCESS_PROXY_PORT is not set'],
  [{ PROCESS_PROXY_PORT: '' }, 'PROCESS_PROXY_PORT is not set'],
  [{ PROCESS_PROXY_PORT: '12x' }, "PROCESS_PROXY_PORT must be a port from 1 to 65535, but got '12x'"],
  [{ PROCESS_PROXY_PORT: '0' }, "PROCESS_PROXY_PORT must be a port from 1 to 65535, but got '0'"],
  [{ PROCESS_PROXY_PORT: '65536' }, "PROCESS_PROXY_PORT must be a port from 1 to 65535, but got '65536'"],
  [{ PROCESS_PROXY_PORT: '18446744073709551617' }, 'PROCESS_PROXY_PORT must be a port from 1 to 65535'],
  [{ PROCESS_PROXY_PORT: '-1' }, 'PROCESS_PROXY_PORT must be a port from 1 to 65535'],
  [
    { PROCESS_PROXY_PORT: '5', PROCESS_PROXY_TOKEN: 'x'.repeat(129) },
    'PROCESS_PROXY_TOKEN must have at most 128 bytes, but got 129',
  ],
])('the executable says what is wrong with its environment: %j', async (env, message) => {
  const { code, stderr } = await start(env).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`process-proxy: ${message}`);
});

test('the executable says that nobody listens', async () => {
  const unused = createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const { port } = unused.address() as AddressInfo;
  await new Promise((resolve) => void unused.close(resolve));
  for (const session of [{}, { PROCESS_PROXY_SESSION: `1:${port}` }]) {
    const { code, stderr } = await start({ PROCESS_PROXY_PORT: String(port), ...session }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^process-proxy: cannot connect to 127\\.0\\.0\\.1:${port}: .+ running\\?\n$`));
  }
});

test('getExecutablePath() names the executable of a platform, or says how to get it', () => {
  const { platform, arch } = process;
  expect(getExecutablePath()).toMatch(new RegExp(`dist/native/${platform}-${arch}/process-proxy$`));
  expect(() => getExecutablePath('plan9', 'x64')).toThrow(
    expect.objectContaining({ code: 'PROCXY_EXECUTABLE_NOT_FOUND', message: expect.stringContaining('plan9-x64') }),
  );
});
