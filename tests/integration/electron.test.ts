import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScript } from '../support/scripts.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-electron-'));
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
