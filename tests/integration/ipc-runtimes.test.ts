import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { spawnWithIpc } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, ordered, output, receive, record } from '../support/ipc-children.js';
import { blockUntil } from '../support/processes.js';
import { runtimeBinary, runtimes } from '../support/runtimes.js';

// The other files test this for Node, and this one for the runtimes that npm has.
describe.each(runtimes)('a child in %s', (runtime) => {
  let binary: string;
  beforeAll(async () => {
    binary = await runtimeBinary(runtime);
  }, 240_000);

  const commandLine = (program: string, args: string[]): string[] => [
    ...(runtime === 'deno' ? ['run', '-A'] : []),
    ipcProgram(program),
    ...args,
  ];

  function start(program = 'echo.js', args: string[] = [], stdout: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    return spawnWithIpc(binary, commandLine(program, args), {
      stdio: ['ignore', stdout, 'inherit'],
    });
  }

  test('echoes small, large and many messages in order', async () => {
    const child = start();
    const sent = [{ a: [1, null] }, '', 'é🦊\n'.repeat(400_000), ...Array.from({ length: 1000 }, (_, n) => n), false];
    const answers = receive(child, sent.length);
    for (const message of sent) child.send(message);
    expect(await answers).toEqual(sent);
    await disconnected(child);
    expect(child.exitCode).toBe(0);
  });

  test.each([
    ['send, then exit', [['message', 'last words']], 0],
    ['send, then disconnect', [['message', 'last words']], 0],
    ['disconnect', [], 0],
    ['exit', [], 7],
  ])('ends by itself: %s', async (order, messages, code) => {
    const child = start();
    const log = record(child);
    child.send(order);
    await ended(child);
    expect(ordered(log)).toEqual([...messages, ['disconnect', false, null], ['exit', code, null]]);
  });

  test.each(['nothing', 'unlisten', 'unref'])('exits when nothing holds its channel: %s', async (how) => {
    const child = start('idle.js', [how]);
    const last = how === 'nothing' ? [] : receive(child, 1);
    expect(await ended(child)).toEqual([0, null]);
    expect(await last).toEqual(how === 'nothing' ? [] : ['bye']);
  });

  test.each(['message', 'disconnect', 'ref'])('lives while its channel is held: %s', async (how) => {
    const child = start('kept.js', [how]);
    expect(await receive(child, 1)).toEqual(['ready']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(child.exitCode).toBe(null);
    await disconnected(child);
    expect(child.exitCode).toBe(0);
  });

  test('makes process the channel with `install`', async () => {
    const child = start('installed.js');
    const answers = receive(child, 2);
    child.send({ n: 1 });
    expect(await answers).toEqual([true, { n: 1 }]);
    await disconnected(child);
    expect(child.exitCode).toBe(5);
  });

  test('waits while its parent does not read, and ends when all its messages have been read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'procxy-flood-'));
    const marker = join(folder, 'sent');
    const child = start('flood.js', ['65536', marker], 'pipe');
    const log = record(child);
    const printed = output(child);
    await once(child, 'spawn');
    blockUntil(marker);
    const accepted = Number(await printed);
    await ended(child);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(100);
    expect(ordered(log).map((entry) => (entry as unknown[])[0])).toEqual([
      ...Array.from({ length: accepted }, () => 'message'),
      'disconnect',
      'exit',
    ]);
    rmSync(folder, { recursive: true });
  });
});
