import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textOf } from '../support/pages.js';
import { outcomeOf, runScript } from '../support/scripts.js';
import { makeFolder, readFences } from '../support/snippets.js';

let folder: string;
beforeAll(() => {
  folder = makeFolder();
  const executable = join(folder, 'electron');
  // As Electron's does, it opens the app whatever its arguments are, unless it is told to be Node.
  writeFileSync(
    executable,
    `#!/bin/sh\n[ "$ELECTRON_RUN_AS_NODE" ] && exec "${process.execPath}" "$@"\necho opened >&2\n`,
  );
  chmodSync(executable, 0o755);
  const preload = `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, electron: '45.5.0' } });
    process.execPath = ${JSON.stringify(executable)};
  `;
  writeFileSync(join(folder, 'preload.cjs'), preload);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  "{ channel: 'socket' }",
  "{ channel: 'ipc' }",
  "{ channel: 'socket', inheritEnv: false }",
  "{ channel: 'socket', serialization: 'advanced', env: { ADDED: '1' } }",
])('a child with %s is Electron that runs as Node, and does not open the app', async (options) => {
  const code = `
    const mortal = await procxy(Mortal, mortalUrl, { ...${options}, execArgv: [] });
    console.log(await mortal.ping());
    await mortal.$terminate();
  `;
  const outcome = await runScript(code, { NODE_OPTIONS: `--require ${join(folder, 'preload.cjs')}` });
  expect(outcome).toEqual({ stdout: 'pong\n', stderr: '', code: 0, signal: null });
});

/** The part of Electron that the page uses. `quit()` asks the listeners first, as Electron's does. */
const electron = `
  const { EventEmitter } = require('node:events');
  const handlers = new Map();
  exports.ipcMain = { handle: (channel, handler) => handlers.set(channel, handler) };
  exports.invoke = (channel) => handlers.get(channel)();
  exports.app = Object.assign(new EventEmitter(), {
    whenReady: async () => {},
    quit() {
      let prevented = false;
      this.emit('before-quit', { preventDefault: () => (prevented = true) });
      console.log(prevented ? 'the quit is prevented' : 'the app quits');
      if (!prevented) process.exit();
    },
  });
`;

/** Uses the app as a window does, and quits it. */
const driver = `
  import { subscribe } from 'node:diagnostics_channel';
  import { app, invoke } from 'electron';
  subscribe('procxy:end', () => console.log('the child has ended'));
  app.once('newListener', (name) => setImmediate(async () => {
    console.log(name, await invoke('runtime'));
    app.quit();
  }));
  await import('./electron-main.js');
`;

test('the app of the page quits after its child has ended', async () => {
  const fences = readFences(textOf('docs/runtimes.md'));
  for (const name of ['where.js', 'electron-main.js']) {
    const fence = fences.find(({ body }) => body[0] === `// ${name}`) ?? expect.unreachable(name);
    writeFileSync(join(folder, name), fence.body.join('\n'));
  }
  mkdirSync(join(folder, 'node_modules/electron'));
  writeFileSync(join(folder, 'node_modules/electron/index.js'), electron);
  writeFileSync(join(folder, 'driver.js'), driver);
  const outcome = await outcomeOf(
    spawn(process.execPath, ['--require', './preload.cjs', 'driver.js'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const lines = ['before-quit Node', 'the quit is prevented', 'the child has ended', 'the app quits', ''];
  expect(outcome).toEqual({ stdout: lines.join('\n'), stderr: '', code: 0, signal: null });
});
