import { once } from 'node:events';
import { expect, test } from 'vitest';
import { nextConnection, serve, start } from '../support/process-proxy.js';
import { Relay } from '../support/relay.js';
import { hello, impostor } from '../support/strangers.js';

test('a plain connection ends with its socket', async () => {
  await using server = await serve({ token: 'known', reconnectTimeout: 2 ** 31 - 1 });
  const { socket, connection, errors } = await impostor(server, hello('known'));
  const outcome = connection.getArgs().catch((error: unknown) => error);
  const order: string[] = [];
  connection.on('disconnect', () => order.push('disconnect'));
  const closed = once(connection, 'close');
  socket.destroy();
  await closed;
  expect(order).toEqual(['disconnect']);
  expect(await outcome).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
  expect({ closed: connection.closed, errors }).toEqual({ closed: true, errors: [] });
});

test('an executable without a session ends with its socket', async () => {
  await using server = await serve();
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const { ended } = start({ ...relay.env(server.env), PROCESS_PROXY_SESSION: undefined });
  await (await connected).getArgs();
  relay.cut();
  expect(await ended).toMatchObject({
    code: 1,
    stderr: 'process-proxy: the connection to the server is lost\n',
  });
  await relay.close();
});
