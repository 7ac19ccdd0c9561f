import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { connectIpc } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, receive, start } from '../support/ipc-children.js';

describe('connectIpc()', () => {
  test('returns undefined without a channel', () => {
    expect(connectIpc()).toBeUndefined();
  });

  test('returns undefined in a child of fork(), which has another channel', async () => {
    const child = start('fork', 'connecting.js', [], { env: { ...process.env, PROCXY_IPC_FD: '3' } });
    expect(await receive(child, 1)).toEqual([
      {
        connected: 'undefined',
        installed: expect.stringMatching(
          /^PROCXY_CHANNEL .*the channel of child_process\.fork\(\), which `process` already has/,
        ),
      },
    ]);
    expect(await ended(child)).toEqual([0, null]);
  });

  test('returns the same channel on every call, and installs it only on the first', async () => {
    const child = start('spawnWithIpc', 'connecting.js');
    expect(await receive(child, 1)).toEqual([
      { connected: 'the same', installed: expect.stringMatching(/^PROCXY_CHANNEL .*first call/) },
    ]);
    expect(await ended(child)).toEqual([0, null]);
  });

  test.each([
    ['not a number', 'three', /^PROCXY_CHANNEL PROCXY_IPC_FD must be the number of a descriptor, but got 'three'/],
    ['empty', '', /^PROCXY_CHANNEL PROCXY_IPC_FD must be the number of a descriptor, but got ''/],
    ['not open', '99', /^PROCXY_CHANNEL The descriptor 99 is not a Unix socket that this process has inherited/],
    ['not a socket', '0', /^PROCXY_CHANNEL The descriptor 0 is not a Unix socket/],
  ])('reports a descriptor that is %s', async (_what, descriptor, message) => {
    const child = spawn(process.execPath, [ipcProgram('connecting.js')], {
      env: { ...process.env, PROCXY_IPC_FD: descriptor },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    expect(String(printed)).toMatch(message);
    await once(child, 'exit');
  });

  test('makes process the channel with `install`', async () => {
    const child = start('spawnWithIpc', 'installed.js');
    const answers = receive(child, 2);
    child.send({ n: 1 });
    expect(await answers).toEqual([true, { n: 1 }]);
    await disconnected(child);
    expect(child.exitCode).toBe(5);
  });
});
