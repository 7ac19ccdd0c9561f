import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyedChaos } from '../support/keyed-chaos.js';
import { chaos } from '../support/pool-chaos.js';
import { seeded } from '../support/seeded.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-chaos-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('100,000 calls through a pool of four under random kills: none runs twice, and each settles', async () => {
  const log = join(folder, 'pool');
  const report = await chaos({ calls: 100_000, log, random: seeded(20_261_130), killEvery: 300 });
  console.log({ ...report, undecided: report.undecided.length });
  expect(report.settled).toBe(100_000);
  expect(report.ranTwice).toEqual([]);
  expect(report.undecided).toEqual([]);
  expect(report.fulfilled + report.ran.no + report.ran.maybe).toBe(100_000);
  expect(report.kills).toBeGreaterThan(20);
}, 600_000);

test.each([1, 3])(
  'calls by key under random kills, %i to a child: each key has one instance, whose calls run in order',
  async (perChild) => {
    const log = join(folder, `keys ${perChild}`);
    const report = await keyedChaos({ calls: 3000, log, random: seeded(4), killEvery: 150, perChild, kills: 10 });
    expect(report.settled).toBe(report.made);
    expect(report.ranTwice).toEqual([]);
    expect(report.undecided).toEqual([]);
    expect(report.outOfOrder).toEqual([]);
    expect(report.unpaired).toEqual([]);
    expect(report.saves).toBeGreaterThan(10);
    expect(report.kills).toBeGreaterThanOrEqual(10);
  },
  300_000,
);
