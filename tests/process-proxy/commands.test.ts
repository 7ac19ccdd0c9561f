import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'procxy/process-proxy';
import { expect, test } from 'vitest';
import { connect, isWindows, nextConnection, serve, start, startWith } from '../support/process-proxy.js';

test('arguments, environment and directory are those of the executable', async () => {
  await using server = await serve();
  const args = ['--flag', '', 'zwölf 日本語 🎉', 'a "quoted" \\ one', 'x'.repeat(isWindows ? 10_000 : 100_000)];
  const env = { WITH_EQUALS: 'a=b=c', EMPTY: '', ÜMLAUT: 'é'.repeat(1000) };
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'procxy ö ')));
  const { connection, ended } = await connect(server, { args, env, cwd });
  const [program, ...rest] = await connection.getArgs();
  expect(program).toContain('process-proxy');
  expect(rest).toEqual(args);
  expect(await connection.getEnv()).toMatchObject(isWindows ? { WITH_EQUALS: 'a=b=c' } : { ...process.env, ...env });
  expect((await connection.getCwd()).replace(/^Z:/, '').replaceAll('\\', '/')).toBe(cwd);
  await connection.exit(0);
  await ended;
  await rm(cwd, { recursive: true });
});

test.skipIf(isWindows)('a directory may lie deeper than PATH_MAX', async () => {
  await using server = await serve();
  const base = await realpath(await mkdtemp(join(tmpdir(), 'procxy-deep-')));
  const before = process.cwd();
  const name = 'deep-'.repeat(40);
  try {
    process.chdir(base);
    for (let depth = 0; depth < 30; depth++) {
      // Each directory lies in the one before.
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
    // Node's own rm() does not reach that deep.
    execFileSync('rm', ['-rf', base]);
  }
});

test.each([0, 1, 42, 255])('the exit code is %i', async (code) => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  await connection.exit(code);
  expect(await ended).toMatchObject({ code, signal: null, stderr: '' });
});

test('an exit code is a 32-bit integer', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  for (const code of [1.5, NaN, 2 ** 31, '1' as never]) {
    await expect(connection.exit(code)).rejects.toMatchObject({ code: 'PROCXY_OPTIONS_VALIDATION' });
  }
  await connection.exit(3);
  expect((await ended).code).toBe(3);
});

test('exit comes after what was written, called twice is called once', async () => {
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

test('commands are answered in their order, ten thousand at once', async () => {
  await using server = await serve();
  const { connection, ended } = await connect(server);
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => connection.isStdinConnected()));
  expect(answers).toEqual(Array.from({ length: 10_000 }, () => true));
  await connection.exit();
  await ended;
});

test('a command may be sent as it is', async () => {
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
    await expect(connection.sendCommand(command)).rejects.toMatchObject({ code: 'PROCXY_OPTIONS_VALIDATION' });
  }
  await connection.exit();
  expect((await ended).stdout.toString()).toBe('hi');
});

test('stdin is connected to a pipe, not to the null device, nor when it was closed', async () => {
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

test('a hundred executables run at once', async () => {
  await using server = await serve();
  server.on('connection', async (connection) => {
    const [, number] = await connection.getArgs();
    connection.stdin.pipe(connection.stdout, { end: false });
    connection.stdin.once('end', () => void connection.exit(Number(number)));
  });
  const runs = Array.from({ length: 100 }, async (_, number) => {
    const { child, ended } = start(server.env, { args: [String(number)] });
    child.stdin.end(`I am ${number}`);
    const { stdout, code, stderr } = await ended;
    return { text: stdout.toString(), code, stderr };
  });
  expect(await Promise.all(runs)).toEqual(
    Array.from({ length: 100 }, (_, number) => ({ text: `I am ${number}`, code: number, stderr: '' })),
  );
});

test('after the end, everything rejects at once', async () => {
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
