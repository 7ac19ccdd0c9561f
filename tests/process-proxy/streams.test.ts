import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { connect, isWindows, nextConnection, serve, startWith } from '../support/process-proxy.js';

const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

test('64 MB arrive unchanged through stdin', async () => {
  await using server = await serve();
  const { connection, child, ended } = await connect(server);
  const data = randomBytes(64 * 1024 * 1024);
  child.stdin.end(data);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of connection.stdin as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  await connection.exit(5);
  expect({ size, hash: hash.digest('hex') }).toEqual({ size: data.length, hash: sha(data) });
  expect((await ended).code).toBe(5);
});

test('64 MB leave unchanged through stdout, in one write and in many', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  const data = randomBytes(64 * 1024 * 1024);
  const half = data.length / 2;
  connection.stdout.write(data.subarray(0, half));
  for (let at = half; at < data.length; at += 9999) connection.stdout.write(data.subarray(at, at + 9999));
  await connection.exit(6);
  const { stdout, code } = await ended;
  expect({ size: stdout.length, hash: sha(stdout), code }).toEqual({ size: data.length, hash: sha(data), code: 6 });
});

test('input and output flow at the same time, with stderr in between', async () => {
  await using server = await serve();
  const { connection, child, ended } = await connect(server);
  const data = randomBytes(8 * 1024 * 1024);
  child.stdin.end(data);
  connection.stderr.write('note '.repeat(10_000));
  await pipeline(connection.stdin, connection.stdout);
  await connection.exit(0);
  const { stdout, stderr } = await ended;
  expect(sha(stdout)).toBe(sha(data));
  expect(stderr).toBe('note '.repeat(10_000));
});

test('a write waits until the output of the executable is read', async () => {
  await using server = await serve();
  const connected = nextConnection(server);
  const child = startWith(server.env, ['pipe', 'pipe', 'inherit']);
  const closed = once(child, 'close');
  const connection = await connected;
  // Requested before the write, because commands are carried out in order.
  const key = once(connection.stdin, 'data');
  await connection.getArgs();
  // More than the pipes hold.
  const written = new Promise((resolve) => void connection.stdout.write(Buffer.alloc(8 * 1024 * 1024), resolve));
  const state = { written: false };
  void written.then(() => (state.written = true));
  // The executable is not stuck: it still serves input.
  child.stdin?.write('key');
  expect(String(await key)).toBe('key');
  expect(connection.stdout.writableNeedDrain).toBe(true);
  expect(state.written).toBe(false);
  child.stdout?.resume();
  await written;
  await connection.exit();
  await closed;
});

test('stdin is read only as far as this stream is read', async () => {
  await using server = await serve();
  const { connection, child, ended } = await connect(server);
  child.stdin.write(Buffer.alloc(16 * 1024 * 1024));
  await once(connection.stdin, 'readable');
  // In the meantime, more input could arrive.
  for (let round = 0; round < 100; round++) await connection.getArgs();
  expect(connection.stdin.readableLength).toBeLessThan(1024 * 1024);
  expect(child.stdin.writableLength).toBeGreaterThan(0);
  await connection.exit();
  await ended;
});

test('closing a stream closes the stream of the executable', async () => {
  await using server = await serve();
  const { connection, child, ended } = await connect(server);
  connection.stdout.end('all of it');
  connection.stderr.end();
  // Wine keeps the pipes open until the process exits.
  if (!isWindows) await Promise.all([once(child.stdout, 'end'), once(child.stderr, 'end')]);
  await connection.stdin.close();
  const broken = new Promise((resolve) => void child.stdin.once('close', () => resolve(undefined)));
  child.stdin.write(Buffer.alloc(1024 * 1024));
  if (!isWindows) await broken;
  expect(connection.closed).toBe(false);
  await connection.stdin.close();
  await connection.stdout.close();
  await connection.exit(2);
  expect(await ended).toMatchObject({ stdout: Buffer.from('all of it'), code: 2 });
});

test('a write fails when the reader has gone, and the executable lives on', async () => {
  await using server = await serve();
  const connected = nextConnection(server);
  const child = startWith(server.env, ['ignore', 'pipe', 'inherit']);
  const closed = once(child, 'close');
  const connection = await connected;
  const reported: Error[] = [];
  connection.on('error', (error) => reported.push(error));
  child.stdout?.destroy();
  const outcome = await finished(connection.stdout.end(Buffer.alloc(1024 * 1024))).catch((error: unknown) => error);
  expect(outcome).toMatchObject({ name: 'CommandError', code: 'PROCXY_COMMAND', command: 3 });
  expect(String(outcome)).toContain('WRITE_STDOUT');
  expect(reported).toEqual([outcome]);
  expect(await connection.getArgs()).toHaveLength(1);
  await connection.exit(4);
  expect(await closed).toEqual([4, null]);
});

test('open writes and commands fail when the executable is killed, and nothing is thrown', async () => {
  await using server = await serve();
  const connected = nextConnection(server);
  const child = startWith(server.env, ['pipe', 'pipe', 'inherit']);
  const ended = once(child, 'close');
  const connection = await connected;
  const writes = Array.from({ length: 100 }, () => {
    return new Promise<unknown>((resolve) => void connection.stdout.write(Buffer.alloc(65_536), resolve));
  });
  const exits = connection.exit().catch((error: unknown) => error);
  const args = connection.getArgs().catch((error: unknown) => error);
  await once(connection.stdin.resume(), 'resume');
  child.kill('SIGKILL');
  child.stdout?.resume();
  await once(connection, 'close');
  expect(await args).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
  expect(await exits).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
  expect((await Promise.all(writes)).at(-1)).toBeInstanceOf(Error);
  expect(connection.stdin.readableEnded).toBe(false);
  expect(await ended).toEqual([null, 'SIGKILL']);
});
