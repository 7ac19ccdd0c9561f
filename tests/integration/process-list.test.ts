import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { anonymous as Anonymous, Placed } from '../fixtures/placed.js';

/** How `ps` shows a process. */
const shown = (pid: number | undefined): string =>
  execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();

describe('`ps` shows a child', () => {
  test.each(['ipc', 'socket'] as const)("by its class's name, by %s", async (channel) => {
    await using placed = await procxy(Placed, { channel });
    expect(shown(placed.$process.pid)).toBe('procxy Placed');
    expect(await placed.title()).toBe('procxy Placed');
  });

  test('by the name too if it was started ahead, once it has an instance', async () => {
    await procxy.warm(1);
    try {
      await using placed = await procxy(Placed);
      expect(shown(placed.$process.pid)).toBe('procxy Placed');
    } finally {
      await procxy.warm(0);
    }
  });

  test('if its class has no name', async () => {
    await using anonymous = await procxy(Anonymous);
    expect(shown(anonymous.$process.pid)).toBe('procxy (anonymous class)');
  });

  test('without changing what its code reads of its flags', async () => {
    await using placed = await procxy(Placed, { execArgv: ['--max-old-space-size=128'] });
    expect(await placed.flags()).toEqual(['--max-old-space-size=128']);
  });
});

test('an instance in this process leaves its title alone', async () => {
  const { title } = process;
  await using placed = await procxy(Placed, { inProcess: true });
  expect(await placed.title()).toBe(title);
});
