import type { ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { spawnWithIpc } from 'procxy/ipc';
import { disconnected, ipcProgram } from '../support/ipc-children.js';
import { times } from '../support/thorough.js';

// The tests on Windows run without Python.
const [language, program, file] =
  process.platform === 'win32' ? ['Node', process.execPath, 'echo.js'] : ['Python', 'python3', 'echo.py'];
const startEcho = (): ChildProcess => spawnWithIpc(program, [ipcProgram(file)], { stdio: 'inherit' });

const COUNT = times(50_000, 1_000_000);

test(`${COUNT} messages through a child in ${language} come back in order, and few wait at a time`, async () => {
  const child = startEcho();
  let received = 0;
  let misplaced = 0;
  let largest = 0;
  const done = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      const { n, text } = message as { n: number; text: string };
      if (n !== received || text !== `message ${n} é`) misplaced++;
      if (++received === COUNT) resolve();
    });
  });
  for (let n = 0; n < COUNT; n++) {
    const message = { n, text: `message ${n} é` };
    if (n % 1000 !== 999) child.send(message);
    else {
      await new Promise((resolve) => child.send(message, resolve));
      largest = Math.max(largest, n - received);
    }
  }
  await done;
  expect(misplaced).toBe(0);
  // The others are in the buffers of the kernel, of the child and of this process.
  expect(largest).toBeLessThan(40_000);
  await disconnected(child);
  expect(child.exitCode).toBe(0);
}, 300_000);

const SIZE = times(20, 100) * 1_000_000;

test(`one message of ${SIZE / 1e6} MB comes back unchanged`, async () => {
  const child = startEcho();
  const sent = 'é1\n'.repeat(SIZE / 4);
  expect(Buffer.byteLength(sent)).toBe(SIZE);
  const answer = new Promise((resolve) => child.once('message', resolve));
  expect(child.send(sent)).toBe(false);
  expect((await answer) === sent).toBe(true);
  await disconnected(child);
  expect(child.exitCode).toBe(0);
}, 300_000);
