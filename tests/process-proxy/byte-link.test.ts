import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connect, isWindows, nextConnection, serve, start } from '../support/process-proxy.js';
import { blockUntil } from '../support/processes.js';
import { Relay } from '../support/relay.js';
import { closed, expectService, hello, impostor, SESSION, stranger } from '../support/strangers.js';
import { times } from '../support/thorough.js';

const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const CUTS = times(50, 200);
test(`no byte is lost or doubled when the socket is cut at ${CUTS} random moments`, async () => {
  await using server = await serve();
  const relay = await Relay.to(server.getPort());
  const input = randomBytes(CUTS * 120 * 1024);
  const output = randomBytes(CUTS * 120 * 1024);
  const notes = randomBytes(CUTS * 2600).toString('hex');
  let connections = 0;
  server.on('connection', () => connections++);
  const connected = nextConnection(server);
  const { child, ended } = start(relay.env(server.env), { args: ['one', 'two'] });
  child.stdin.end(input);
  const connection = await connected;

  const hash = createHash('sha256');
  let received = 0;
  const state = { done: false };
  const reading = (async () => {
    for await (const chunk of connection.stdin as AsyncIterable<Buffer>) {
      hash.update(chunk);
      received += chunk.length;
      // Reads at the pace of the cuts, so that every cut meets data.
      while (received / input.length > (relay.cuts + 1) / CUTS) await sleep(1);
    }
  })();
  const writing = (async () => {
    for (let at = 0; at < output.length; at += 10_007) {
      const chunk = output.subarray(at, at + 10_007);
      if (!connection.stdout.write(chunk)) await once(connection.stdout, 'drain');
      while (at / output.length > (relay.cuts + 1) / CUTS) await sleep(1);
    }
  })();
  const asking = (async () => {
    // A command in flight is carried out once, and answered once.
    for (let at = 0; at < notes.length; at += 4096) {
      await new Promise((resolve) => connection.stderr.write(notes.slice(at, at + 4096), resolve));
      expect(await connection.getArgs()).toHaveLength(3);
    }
  })();
  const cutting = (async () => {
    while (!state.done && relay.cuts < CUTS) {
      const before = relay.bytes;
      while (!state.done && relay.bytes < before + Math.random() * 100_000) await sleep(Math.random() * 3);
      relay.cut();
    }
  })();
  await Promise.all([reading, writing, asking]);
  state.done = true;
  await cutting;
  expect(relay.cuts).toBe(CUTS);
  const exited = connection.exit(77);
  relay.cut();
  await exited;
  const { stdout, stderr, code } = await ended;
  expect({ received, hash: hash.digest('hex') }).toEqual({ received: input.length, hash: sha(input) });
  expect({ size: stdout.length, hash: sha(stdout) }).toEqual({ size: output.length, hash: sha(output) });
  expect(sha(Buffer.from(stderr))).toBe(sha(Buffer.from(notes)));
  expect({ code, connections, errors: server.errors }).toEqual({ code: 77, connections: 1, errors: [] });
  await relay.close();
});

test('a socket that is cut in the handshake, or right after it, is replaced too', async () => {
  await using server = await serve();
  server.on('connection', async (connection) => {
    connection.stdin.pipe(connection.stdout, { end: false });
    const [, argument] = await connection.getArgs();
    connection.stdin.once('end', () => void connection.exit(Number(argument)));
  });
  // A hello has 175 bytes, and its welcome has 13.
  const limits = Array.from({ length: 46 }, (_, index) => index * 7);
  const runs = limits.map(async (limit) => {
    const relay = await Relay.to(server.getPort());
    relay.limits = [limit, limit + 2, 400 - limit];
    const { child, ended } = start(relay.env(server.env), { args: [String(limit % 256)] });
    child.stdin.end('some input');
    const { stdout, stderr, code } = await ended;
    await relay.close();
    return { limit, output: stdout.toString(), stderr, code };
  });
  expect(await Promise.all(runs)).toEqual(
    limits.map((limit) => ({ limit, output: 'some input', stderr: '', code: limit % 256 })),
  );
});

test('both sides give up when reconnectTimeout has passed', async () => {
  await using server = await serve({ reconnectTimeout: 300 });
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const { ended } = start(relay.env(server.env));
  const connection = await connected;
  const pending = connection.getArgs().then(() => connection.sendCommand(0x03, Buffer.from([1, 0, 0, 0]))); // waits for a byte
  const outcome = pending.catch((error: unknown) => error);
  await connection.getCwd();
  const gone = once(connection, 'close');
  await relay.close();
  await gone;
  expect(await outcome).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
  expect(await ended).toMatchObject({ code: 1, stderr: 'process-proxy: the connection to the server is lost\n' });
});

test('the end of a killed executable is seen before reconnectTimeout has passed', async () => {
  await using server = await serve({ reconnectTimeout: 2 ** 31 - 1 });
  const { connection, child, ended } = await connect(server);
  const gone = once(connection, 'disconnect');
  child.kill('SIGKILL');
  // Under an emulator, the process that is seen here is the emulator.
  if (!isWindows) await gone;
  await ended;
});

test.each([
  ['an unknown frame', [9], 'a frame of unknown type, got 9'],
  ['a frame that is too long', [0, 1, 0, 1, 0], 'a frame that is too long, got 65537 bytes'],
  ['an acknowledgement of unsent bytes', [1, 255, 255, 0, 0, 0, 0, 0, 0], 'bytes that were never sent'],
  ['an unknown message', [0, 1, 0, 0, 0, 7], 'a message of unknown kind, got 7'],
])('a peer in a session that sends %s is disconnected', async (_, bytes, message) => {
  await using server = await serve({ token: 'known' });
  const { socket, errors } = await impostor(server, hello('known', SESSION));
  socket.write(Buffer.from(bytes));
  await closed(socket);
  expect(errors).toEqual([
    expect.objectContaining({ code: 'PROCXY_PROTOCOL', message: expect.stringContaining(message) as string }),
  ]);
  await expectService(server);
});

test('nobody resumes a session without its token, or from bytes that were never sent', async () => {
  await using server = await serve({ validateConnection: () => true });
  const { socket: first, connection } = await impostor(server, hello('mine', SESSION));
  const otherToken = hello('other', SESSION);
  const unsent = hello('mine', SESSION);
  unsent.writeUInt8(200, unsent.length - 8);
  for (const bytes of [otherToken, unsent]) {
    const socket = await stranger(server, bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect([...answer]).toEqual([1]);
    await closed(socket);
  }
  expect(connection.closed).toBe(false);
  first.destroy();
});

/**
 * Waits for a line, connects to the port, and sends bytes that are given in hexadecimal. Then it makes a file, and prints the first
 * byte of the answer.
 */
const resumingClient = `
const [port, hello, marker] = process.argv.slice(1);
console.log('ready');
process.stdin.once('data', () => {
  const client = require('net').connect(port, '127.0.0.1');
  client.write(hello, 'hex', () => require('fs').writeFileSync(marker, ''));
  client.once('data', (answer) => console.log(answer[0]));
});
process.stdin.once('end', () => process.exit());
`;

test('a session that is resumed while this process is blocked continues, even after reconnectTimeout', async () => {
  const reconnectTimeout = 500;
  await using server = await serve({ token: 'known', reconnectTimeout });
  const bytes = hello('known', SESSION);
  const folder = mkdtempSync(join(tmpdir(), 'procxy-resume-'));
  const marker = join(folder, 'sent');
  const client = spawn(process.execPath, [
    '-e',
    resumingClient,
    String(server.getPort()),
    bytes.toString('hex'),
    marker,
  ]);
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const { socket, connection } = await impostor(server, bytes);
  socket.destroy();
  await closed(socket);
  // After a few turns, the server has seen the end of the socket.
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  client.stdin.write('connect\n');
  const end = performance.now() + 2 * reconnectTimeout;
  while (performance.now() < end);
  blockUntil(marker);
  expect(await lines.next()).toMatchObject({ value: '0' });
  expect(connection.closed).toBe(false);
  client.stdin.end();
  rmSync(folder, { recursive: true });
});
