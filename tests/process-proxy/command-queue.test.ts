import { expect, test } from 'vitest';
import { connect, serve } from '../support/process-proxy.js';
import { closed, expectService, hello, impostor } from '../support/strangers.js';

test('ten thousand commands at once are answered in order', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => connection.isStdinConnected()));
  expect(answers).toEqual(Array.from({ length: 10_000 }, () => true));
  await connection.exit();
  await ended;
});

/** The response to the command that a server without sessions sends at once: where the executable is. */
const cwd = [0, 0, 0, 0, 1, 0, 0, 0, 0x2f];

test.each([
  ['a response to no command', Buffer.from([0, 0, 0, 0]), 'a response although no command was open'],
  [
    'a response that is too long',
    Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    'got 4294967295 bytes',
  ],
  ['an error that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), 'got 2147483647 bytes'],
])('a peer that sends %s is disconnected', async (_, bytes, message) => {
  await using server = await serve({ token: 'known' });
  const { socket, connection, errors } = await impostor(server, hello('known'));
  const args = bytes.length > 4 ? connection.getArgs() : Promise.resolve();
  const outcome = args.catch((error: unknown) => error);
  socket.write(Buffer.from([...cwd, ...bytes]));
  await closed(socket);
  if (bytes.length > 4) expect(await outcome).toMatchObject({ code: 'PROCXY_PROTOCOL' });
  expect(errors).toEqual([
    expect.objectContaining({ name: 'ProtocolError', message: expect.stringContaining(message) as string }),
  ]);
  expect(connection.closed).toBe(true);
});

test('a peer that stops within a response delays only the caller that waits for it', async () => {
  await using server = await serve({ token: 'known' });
  const { socket, connection } = await impostor(server, hello('known'));
  const outcome = connection.getArgs().catch((error: unknown) => error);
  socket.write(Buffer.from([...cwd, 0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0x61]));
  await expectService(server);
  socket.destroy();
  expect(await outcome).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
});
