import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ipcProgram } from '../support/ipc-children.js';
import { isRunning, until } from '../support/processes.js';
import { runtimeBinary, runtimes } from '../support/runtimes.js';

const commands = {
  node: () => [process.execPath],
  bun: async () => [await runtimeBinary('bun')],
  deno: async () => [await runtimeBinary('deno'), 'run', '-A'],
};

test.concurrent.each(['node', ...runtimes] as const)(
  'a child in %s sees that its parent was killed',
  async (runtime) => {
    const command = [...(await commands[runtime]()), ipcProgram('echo.js')];
    const parent = spawn(process.execPath, [ipcProgram('parent.js'), ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    expect(isRunning(Number(pid))).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isRunning(Number(pid)), 'the end of the child');
  },
);
