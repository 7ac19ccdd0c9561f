import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chaos } from '../support/pool-chaos.js';
import { seeded } from '../support/seeded.js';

test('100,000 calls through a pool of four under random kills: none runs twice, and each settles', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'procxy-chaos-'));
  const report = await chaos({ calls: 100_000, log: join(folder, 'log'), random: seeded(20_261_130), killEvery: 300 });
  rmSync(folder, { recursive: true });
  console.log({ ...report, undecided: report.undecided.length });
  expect(report.settled).toBe(100_000);
  expect(report.ranTwice).toEqual([]);
  expect(report.undecided).toEqual([]);
  expect(report.fulfilled + report.ran.no + report.ran.maybe).toBe(100_000);
  expect(report.kills).toBeGreaterThan(20);
}, 600_000);
