import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spawnWithIpc } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, output, receive, record, startRaw } from '../support/ipc-children.js';
import { blockUntil } from '../support/processes.js';

test('messages wait in the child while this process does not read them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'procxy-flood-'));
  const marker = join(folder, 'sent');
  const child = spawnWithIpc(process.execPath, [ipcProgram('flood.js'), '65536', marker], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log = record(child);
  const printed = output(child);
  await new Promise((resolve) => child.once('spawn', resolve));
  blockUntil(marker);
  const accepted = Number(await printed);
  await ended(child);
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(100);
  expect(log.filter((entry) => (entry as unknown[])[0] === 'message')).toHaveLength(accepted);
  rmSync(folder, { recursive: true });
});

test('messages wait here while the child does not read them: send() returns false, and each callback follows its message', async () => {
  const child = startRaw(pausedReader, { stdio: ['pipe', 'ignore', 'inherit'] });
  const last = receive(child, 1);
  const message = 'x'.repeat(65_536);
  let gone = 0;
  let sent = 1;
  while (child.send(message, () => gone++)) sent++;
  expect(sent).toBeLessThan(100);
  for (let n = 0; n < 50; n++) child.send(message, () => gone++);
  child.send('end', () => gone++);
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(gone).toBeLessThan(sent + 51);
  child.stdin?.end('\n');
  expect(await last).toEqual([sent + 51]);
  expect(gone).toBe(sent + 51);
  await disconnected(child);
});

/** Reads messages after a line on stdin, and answers the last one with their count. */
const pausedReader = `
process.getBuiltinModule('fs').readSync(0, Buffer.alloc(1));
let count = 0;
for (let line = read(); line !== undefined; line = read()) {
  count++;
  if (line === '"end"') write(count + '\\n');
}`;
