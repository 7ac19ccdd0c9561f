import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasNamespaces } from '../support/cable.js';
import { ChaosHosts, LONGEST_CALL } from '../support/chaos-hosts.js';
import { hasNats } from '../support/nats.js';
import { natsConnections } from '../support/nats-monitor.js';
import type { Settled } from '../support/peer.js';
import { seeded } from '../support/seeded.js';
import { times } from '../support/thorough.js';

/** How often each kind of fault happens. */
const ROUNDS = times(2, 20);

describe.runIf(hasNats && process.platform === 'linux')('hosts, clients, instances, servers and cables', () => {
  const random = seeded(24);
  let folder: string;
  let world: ChaosHosts;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-chaos-'));
    world = new ChaosHosts(folder, random);
    await world.start();
  }, 60_000);
  afterAll(async () => {
    await world.clear();
    rmSync(folder, { recursive: true });
  });

  test(`fail at random, ${ROUNDS} times in each way: every call settles, none runs twice, and nothing is left`, async () => {
    const healing: Promise<void>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const fault of shuffled(Object.values(world.faults), random)) {
        healing.push(fault());
        await sleep(500 + random() * 1000);
      }
    }
    await Promise.all(healing);
    const clients = [...world.clients];
    // Each of them finds a host again, and goes on.
    for (const { settled } of clients) {
      const before = countOf(settled, 'fulfilled');
      await expect.poll(() => countOf(settled, 'fulfilled'), { timeout: 60_000 }).toBeGreaterThan(before + 20);
    }
    // Resolves only when every call has settled, and nothing keeps the process alive any more.
    expect(await Promise.all(clients.map((client) => client.end()))).toEqual(clients.map(() => 0));

    const settled = [...clients, ...world.killed].flatMap((client) => client.settled);
    const diaries = readDiaries(folder);
    const report = account(settled, diaries);
    process.stderr.write(
      `${hasNamespaces ? 'cables between network namespaces' : 'a proxy in place of cables'}: ${JSON.stringify(report)}\n`,
    );
    expect(settled.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
    expect(report.fulfilled).toBeGreaterThan(100);
    // Without a rejected call the faults have hit nothing.
    expect(report.maybe).toBeGreaterThan(0);
    expect(report.ranTwice).toEqual([]);
    expect(report.outOfOrder).toEqual([]);
    expect(report.contradicted).toEqual([]);
    // A fault that heals within the lease may be followed by one that does not. The lease is counted from the last frame.
    expect(report.longest).toBeLessThan(2 * LONGEST_CALL);

    await expect.poll(() => world.instances(), { timeout: 30_000 }).toEqual([]);
    for (const host of world.hosts) expect((await host.stats()).instances).toBe(0);
    const connections = await Promise.all(world.monitors.map(natsConnections));
    const subjects = connections.flat().map(({ subscriptions_list: list = [] }) => list.toSorted());
    expect(subjects).toEqual(
      world.hosts.map(() => [expect.stringMatching(/^procxy\.chaos\.h\.\w+\.>$/), 'procxy.chaos.place.*.*']),
    );
    expect(await Promise.all(world.hosts.map((host) => host.end()))).toEqual(world.hosts.map(() => 0));
    await expect.poll(async () => (await Promise.all(world.monitors.map(natsConnections))).flat()).toEqual([]);
  }, 600_000);
});

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

function countOf(settled: readonly Settled[], outcome: Settled['outcome']): number {
  return settled.filter((each) => each.outcome === outcome).length;
}

/** The entries of each instance, in the order in which it wrote them. */
function readDiaries(folder: string): string[][] {
  return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
}

function account(
  settled: readonly Settled[],
  diaries: readonly string[][],
): Record<string, unknown> & { longest: number } {
  const entries = diaries.flat();
  const ran = new Set(entries);
  const numberOf = (entry: string): number => Number(entry.slice(entry.lastIndexOf(':') + 1));
  const seen = new Set<string>();
  return {
    instances: diaries.length,
    fulfilled: countOf(settled, 'fulfilled'),
    no: countOf(settled, 'no'),
    maybe: countOf(settled, 'maybe'),
    longest: Math.max(...settled.map(({ ms = 0 }) => ms)),
    ranTwice: entries.filter((entry) => seen.size === seen.add(entry).size),
    outOfOrder: diaries.flatMap((diary) =>
      diary.filter((entry, index) => index > 0 && numberOf(entry) <= numberOf(diary[index - 1] ?? '')),
    ),
    contradicted: settled.filter(({ entry, outcome }) =>
      outcome === 'fulfilled' ? !ran.has(entry) : outcome === 'no' && ran.has(entry),
    ),
  };
}
