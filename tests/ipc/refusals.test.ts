import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectIpc, spawnWithIpc, type SpawnWithIpcOptions } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, receive, start } from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

describe('spawnWithIpc()', () => {
  test.each<[string, SpawnWithIpcOptions, RegExp]>([
    ['advanced serialization', { serialization: 'advanced' }, /`serialization: 'advanced'`.*JSON.*fork\(\)/],
    ['two channels', { stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'ipc'] }, /'ipc' only once/],
    ['a channel that is a standard stream', { stdio: ['ipc'] }, /`stdio\[0\]` must not be 'ipc'/],
    ['a limit of 0', { maxMessageBytes: 0 }, /`maxMessageBytes`.* it is 0/],
    ['a limit that is no number', { maxMessageBytes: '1' as never }, /`maxMessageBytes`.* it is 1/],
  ])('refuses %s, and starts nothing', (_what, options, message) => {
    expect(() => spawnWithIpc('/no/such/program', [], options)).toThrow(
      expect.objectContaining({
        name: 'OptionsValidationError',
        code: 'PROCXY_OPTIONS_VALIDATION',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('says what to do on Windows', async () => {
    const { stdout } = await runScript(`
      Object.defineProperty(process, 'platform', { value: 'win32' });
      const { spawnWithIpc } = await import('procxy/ipc');
      try { spawnWithIpc('program'); } catch (error) { console.log(error.code, error.message); }
    `);
    expect(stdout).toMatch(/^PROCXY_CHANNEL spawnWithIpc\(\).*Windows.*fork\(\)/);
  });
});

test('handles are refused on both sides, and the channel goes on', async () => {
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

describe('connectIpc()', () => {
  test('is undefined where there is no channel', () => {
    expect(connectIpc()).toBeUndefined();
    expect(() => connectIpc({ maxMessageBytes: -1 })).toThrow(/maxMessageBytes/);
  });

  test('is undefined in a child of fork(), whose channel is another one', async () => {
    const child = start('fork', 'connecting.js', [], { env: { ...process.env, PROCXY_IPC_FD: '3' } });
    expect(await receive(child, 1)).toEqual([
      { connected: 'undefined', installed: expect.stringMatching(/^PROCXY_CHANNEL .*`process` has a channel already/) },
    ]);
    expect(await ended(child)).toEqual([0, null]);
  });

  test('returns one channel, however often it is called, and installs it at the first call only', async () => {
    const child = start('spawnWithIpc', 'connecting.js');
    expect(await receive(child, 1)).toEqual([
      { connected: 'the same', installed: expect.stringMatching(/^PROCXY_CHANNEL .*first call/) },
    ]);
    expect(await ended(child)).toEqual([0, null]);
  });

  test.each([
    ['no number', 'three', /^PROCXY_CHANNEL PROCXY_IPC_FD must be the number of a descriptor; it is 'three'/],
    ['empty', '', /^PROCXY_CHANNEL PROCXY_IPC_FD must be the number of a descriptor; it is ''/],
    ['not open', '99', /^PROCXY_CHANNEL The descriptor 99 is no Unix socket that this process has inherited/],
    ['no socket', '0', /^PROCXY_CHANNEL The descriptor 0 is no Unix socket/],
  ])('says so where the descriptor is %s', async (_what, descriptor, message) => {
    const child = spawn(process.execPath, [ipcProgram('connecting.js')], {
      env: { ...process.env, PROCXY_IPC_FD: descriptor },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    expect(String(printed)).toMatch(message);
    await once(child, 'exit');
  });

  test('with `install`, process is the channel', async () => {
    const child = start('spawnWithIpc', 'installed.js');
    const answers = receive(child, 2);
    child.send({ n: 1 });
    expect(await answers).toEqual([true, { n: 1 }]);
    await disconnected(child);
    expect(child.exitCode).toBe(5);
  });
});
