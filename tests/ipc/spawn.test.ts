import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { spawnWithIpc, type SpawnWithIpcOptions } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, output, receive, start, startRaw } from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

describe('spawnWithIpc()', () => {
  test.each<[string, SpawnWithIpcOptions, RegExp]>([
    [
      'advanced serialization',
      { serialization: 'advanced' },
      /^spawnWithIpc\(\).*got `serialization: 'advanced'`.*fork\(\)/,
    ],
    ['two channels', { stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'ipc'] }, /^spawnWithIpc\(\).*got 'ipc' twice/],
    ['a standard stream as the channel', { stdio: ['ipc'] }, /^spawnWithIpc\(\).*got 'ipc' as `stdio\[0\]`/],
  ])('refuses %s, and starts no program', (_what, options, message) => {
    expect(() => spawnWithIpc('/no/such/program', [], options)).toThrow(
      expect.objectContaining({
        name: 'OptionsValidationError',
        code: 'PROCXY_OPTIONS_VALIDATION',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  // Its name is the path of a socket on other systems, so that this runs everywhere.
  test('opens a named pipe on Windows, which connectIpc() finds', async () => {
    const { stdout, stderr } = await runScript(`
      import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      import { join } from 'node:path';
      const folder = mkdtempSync(join(tmpdir(), 'procxy-windows-'));
      process.chdir(folder);
      process.on('exit', () => (process.chdir(tmpdir()), rmSync(folder, { recursive: true })));
      Object.defineProperty(process, 'platform', { value: 'win32' });
      const { spawnWithIpc } = await import('procxy/ipc');
      const child = spawnWithIpc(process.execPath, [${JSON.stringify(ipcProgram('echo.js'))}], { stdio: 'inherit' });
      child.send('hello');
      child.on('message', (message) => {
        console.log(message, child.connected, readdirSync(folder).length);
        child.disconnect();
      });
      child.on('disconnect', () => console.log('disconnected'));
      child.on('exit', (code) => console.log(code));
      const missing = spawnWithIpc('/no/such/program');
      missing.on('error', (error) => console.log(error.code));
      missing.on('disconnect', () => console.log('gone'));
    `);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      expect.arrayContaining(['0', 'ENOENT', 'disconnected', 'gone', 'hello true 0']),
    );
  });
});

test('both sides refuse handles, and the channel stays open', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const child = start('spawnWithIpc', 'handle-sender.js');
  const answers = receive(child, 2);
  for (const handle of [server, socket]) {
    expect(() => child.send('take it', handle)).toThrow(
      expect.objectContaining({
        name: 'HandleTransferError',
        code: 'PROCXY_HANDLE_TRANSFER',
        message: expect.stringMatching(/^send\(\): a handle cannot cross on this channel.*fork\(\)/) as string,
      }),
    );
  }
  child.send('send one yourself');
  expect(await answers).toEqual(['PROCXY_HANDLE_TRANSFER', 'still here']);
  socket.destroy();
  server.close();
  await disconnected(child);
});

test('each message is a line of JSON', async () => {
  const child = startRaw('print(read()); print(read())');
  child.send({ n: 1 });
  child.send('a\nb');
  expect(await output(child)).toBe('{"n":1}\n"a\\nb"\n');
  await ended(child);
});

test.each([
  ['blank lines', '\\n1\\n \\t\\n\\n2\\n\\n'],
  ['line ends of Windows', '1\\r\\n\\r\\n2\\r\\n'],
  ['byte order marks', '\\ufeff1\\n\\ufeff2\\n'],
])('a child may write %s', async (_what, bytes) => {
  const child = startRaw(`write('${bytes}'); read()`);
  child.on('error', (error) => expect.unreachable(error.message));
  expect(await receive(child, 2)).toEqual([1, 2]);
  await disconnected(child);
});

describe('the descriptor', () => {
  const print = "const { env } = process; print([env.PROCXY_IPC_FD, env.DEKA_IPC_ENABLED, env.DEKA_IPC_FD].join(' '))";

  test.each<[string, SpawnWithIpcOptions['stdio'], number]>([
    ['after the standard streams', ['ignore', 'pipe', 'inherit'], 3],
    ['after the other inherited descriptors', ['ignore', 'pipe', 'inherit', 'ignore', 'ignore'], 5],
    ["at the place of 'ipc'", ['ignore', 'pipe', 'inherit', 'ignore', 'ipc', 'ignore'], 4],
  ])('is %s, and the environment names it', async (_where, stdio, descriptor) => {
    const child = startRaw(`${print}; write('"here"\\n'); read()`, { stdio });
    const printed = output(child);
    expect(await receive(child, 1)).toEqual(['here']);
    await disconnected(child);
    expect(await printed).toBe(`${descriptor} 1 ${descriptor}\n`);
  });

  test('is found through either pair of variables, and not passed on to grandchildren', async () => {
    const program = ipcProgram('environment.js');
    for (const unset of [['PROCXY_IPC_FD'], ['DEKA_IPC_FD', 'DEKA_IPC_ENABLED']]) {
      const script = `for (const name of ${JSON.stringify(unset)}) delete process.env[name];
        const stdio = ['ignore', 'ignore', 'inherit', 3];
        process.getBuiltinModule('child_process').spawn(process.execPath, [${JSON.stringify(program)}], { stdio })`;
      const child = startRaw(script);
      expect(await receive(child, 1)).toEqual([[]]);
      await disconnected(child);
    }
  });

  test('is added to the environment in `env`, and not to that of this process', async () => {
    const child = startRaw(`${print}; print(env.OTHER)`, { env: { OTHER: 'yes' } });
    expect(await output(child)).toBe('3 1 3\nyes\n');
    await ended(child);
    expect(Object.keys(process.env).filter((name) => name.endsWith('IPC_FD'))).toEqual([]);
  });
});
