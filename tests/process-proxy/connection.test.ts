import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'procxy/process-proxy';
import { expect, test } from 'vitest';
import { connect, isWindows, nextConnection, serve, startWith } from '../support/process-proxy.js';

test('returns the arguments, environment and directory of the executable', async () => {
  await using server = await serve();
  const args = ['--flag', '', 'zwölf 日本語 🎉', 'a "quoted" \\ one', 'x'.repeat(isWindows ? 10_000 : 100_000)];
  const env = { WITH_EQUALS: 'a=b=c', EMPTY: '', ÜMLAUT: 'é'.repeat(1000) };
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'procxy ö ')));
  const { connection, ended } = await connect(server, { args, env, cwd });
  const [program, ...rest] = await connection.getArgs();
  expect(program).toContain('process-proxy');
  expect(rest).toEqual(args);
  expect(await connection.getEnv()).toMatchObject(isWindows ? { WITH_EQUALS: 'a=b=c' } : { ...process.env, ...env });
  const plain = (path: string): string => path.replace(/^Z:/, '').replaceAll('\\', '/');
  expect(plain(await connection.getCwd())).toBe(plain(cwd));
  await connection.exit(0);
  await ended;
  await rm(cwd, { recursive: true });
});

test.skipIf(isWindows)('returns a directory whose path is longer than PATH_MAX', async () => {
  await using server = await serve();
  const base = await realpath(await mkdtemp(join(tmpdir(), 'procxy-deep-')));
  const before = process.cwd();
  const name = 'deep-'.repeat(40);
  try {
    process.chdir(base);
    for (let depth = 0; depth < 30; depth++) {
      // Each directory is inside the previous one.
      // oxlint-disable-next-line no-await-in-loop
      await mkdir(name);
      process.chdir(name);
    }
    const { connection, ended } = await connect(server);
    expect(await connection.getCwd()).toBe(join(base, ...Array.from({ length: 30 }, () => name)));
    await connection.exit();
    await ended;
  } finally {
    process.chdir(before);
    // Node's own rm() fails on a path of this length.
    execFileSync('rm', ['-rf', base]);
  }
});

test.each([0, 1, 42, 255])('exit(%i) sets the exit code', async (code) => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  await connection.exit(code);
  expect(await ended).toMatchObject({ code, signal: null, stderr: '' });
});

test('exit() refuses a code that is not a 32-bit integer', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  for (const code of [1.5, NaN, 2 ** 31, '1' as never]) {
    await expect(connection.exit(code)).rejects.toMatchObject({
      code: 'PROCXY_OPTIONS_VALIDATION',
      message: expect.stringMatching(/^exit\(\) needs a 32-bit integer as the exit code, but got /) as string,
    });
  }
  await connection.exit(3);
  expect((await ended).code).toBe(3);
});

test('exit() follows everything that was written, and a second exit() changes nothing', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  for (let line = 0; line < 1000; line++) connection.stdout.write(`${line}\n`);
  connection.stderr.write('last words');
  const args = connection.getArgs();
  await Promise.all([connection.exit(9), connection.exit(8)]);
  expect(await args).toHaveLength(1);
  const { stdout, stderr, code } = await ended;
  expect(stdout.toString()).toBe(Array.from({ length: 1000 }, (_, line) => `${line}\n`).join(''));
  expect({ stderr, code }).toEqual({ stderr: 'last words', code: 9 });
});

test('sendCommand() sends a raw command and returns the data of its response', async () => {
  await using server = await serve();
  const { connection, child, ended } = await connect(server);
  expect((await connection.sendCommand(Command.GET_CWD)).readUInt32LE()).toBeGreaterThan(0);
  const text = Buffer.from('\x02\0\0\0hi');
  expect(await connection.sendCommand(Command.WRITE_STDOUT, text)).toEqual(Buffer.alloc(0));
  child.stdin.end('in');
  const read = Buffer.from([16, 0, 0, 0]);
  await expect
    .poll(async () => (await connection.sendCommand(Command.READ_STDIN, read)).toString())
    .toBe('\x02\0\0\0in');
  await expect.poll(async () => (await connection.sendCommand(Command.READ_STDIN, read)).readInt32LE()).toBe(-1);
  for (const command of [0, 0x08, Command.AWAIT_STDIN, 256, -1]) {
    await expect(connection.sendCommand(command)).rejects.toMatchObject({
      code: 'PROCXY_OPTIONS_VALIDATION',
      message: `sendCommand() needs a command that has a response, but got ${command}. Use a member of Command, except AWAIT_STDIN.`,
    });
  }
  await connection.exit();
  expect((await ended).stdout.toString()).toBe('hi');
});

test('isStdinConnected() is true for a pipe, and false for the null device and a closed stdin', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  expect(await connection.isStdinConnected()).toBe(true);
  await connection.stdin.close();
  expect(await connection.isStdinConnected()).toBe(false);
  await connection.exit();
  await ended;

  const connected = nextConnection(server);
  const child = startWith(server.env, ['ignore', 'pipe', 'inherit']);
  const other = await connected;
  expect(await other.isStdinConnected()).toBe(false);
  const closed = once(child, 'close');
  await other.exit();
  await closed;
});

test('after the end, every method rejects and every stream is destroyed', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  const order: string[] = [];
  connection.on('disconnect', () => order.push('disconnect'));
  const closed = once(connection, 'close').then(() => order.push('close'));
  await connection.exit();
  await closed;
  await ended;
  expect(order).toEqual(['disconnect', 'close']);
  expect(connection.closed).toBe(true);
  for (const late of [connection.getArgs(), connection.getEnv(), connection.getCwd(), connection.isStdinConnected()]) {
    await expect(late).rejects.toMatchObject({ name: 'DisconnectedError', code: 'PROCXY_DISCONNECTED' });
  }
  expect(connection.stdin.destroyed && connection.stdout.destroyed && connection.stderr.destroyed).toBe(true);
});
