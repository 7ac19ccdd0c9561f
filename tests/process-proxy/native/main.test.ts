import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { start } from '../../support/process-proxy.js';

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

test('the executable says that no server listens', async () => {
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
