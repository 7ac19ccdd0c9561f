import { expect, test } from 'vitest';
import { connect, serve, start } from '../support/process-proxy.js';

test('a token may have 128 bytes, and each server makes its own', async () => {
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

test('an executable is refused while nobody listens for connections', async () => {
  await using server = await serve();
  const { code, stderr } = await start(server.env).ended;
  expect(code).toBe(1);
  expect(stderr).toBe('process-proxy: the server refused the connection. Is PROCESS_PROXY_TOKEN its token?\n');
});

test('validateConnection() decides, may take longer than handshakeTimeout, and may fail', async () => {
  const seen: string[] = [];
  await using server = await serve({
    handshakeTimeout: 3000,
    validateConnection: async (token) => {
      seen.push(token);
      if (token === 'bad') throw new Error('the database is gone');
      if (token === 'slow') await new Promise((resolve) => setTimeout(resolve, 4000));
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
