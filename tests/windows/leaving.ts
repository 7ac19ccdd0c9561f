/** Leaves something of each kind behind. `run.ts` runs this file first, and expects that each is found. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';

test('leaves a process, a pipe and a file', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  const server = createServer().listen(`\\\\.\\pipe\\procxy-left-${process.pid}`);
  await Promise.all([once(child, 'spawn'), once(server, 'listening')]);
  writeFileSync(join(tmpdir(), 'left'), '');
});
