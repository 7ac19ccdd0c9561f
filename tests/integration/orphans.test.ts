import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRunning, until } from '../support/processes.js';
import { runScript } from '../support/scripts.js';

test('a busy child ends with a parent that was killed before its event loop turned', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'procxy-orphan-'));
  const file = join(folder, 'pid');
  const url = new URL('../fixtures/busy-when-loaded.js', import.meta.url).href;
  const { signal } = await runScript(`
    const { existsSync, readFileSync } = await import('node:fs');
    const { BusyWhenLoaded } = await import(${JSON.stringify(url)});
    const env = { PROCXY_TEST_PID_FILE: ${JSON.stringify(file)} };
    procxy(BusyWhenLoaded, ${JSON.stringify(url)}, { env, stdio: 'ignore', terminateTimeout: 300 }).catch(() => {});
    while (!existsSync(env.PROCXY_TEST_PID_FILE) || readFileSync(env.PROCXY_TEST_PID_FILE, 'utf8') === '');
    process.kill(process.pid, 'SIGKILL');
  `);
  if (process.platform !== 'win32') expect(signal).toBe('SIGKILL');
  expect(existsSync(file)).toBe(true);
  const pid = Number(readFileSync(file, 'utf8'));
  try {
    await until(() => !isRunning(pid), 'the end of the child', 15_000);
  } finally {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
