import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { procxyPool } from 'procxy';
import { Journal } from '../fixtures/journal.js';

export interface ChaosOptions {
  calls: number;
  /** The file in which the instances write what they run. */
  log: string;
  random(): number;
  /** ms from one kill to the next, about. */
  killEvery: number;
}

export interface ChaosReport {
  settled: number;
  kills: number;
  fulfilled: number;
  /** Rejected calls, by what their errors say of whether they ran. */
  ran: Record<'no' | 'maybe', number>;
  ranTwice: string[];
  /** What contradicts the log: a call that has not run and was answered, one that ran and says it did not, one that says nothing. */
  undecided: unknown[];
}

/** Makes calls through a pool of four while its children are killed at random, and compares the outcomes with what the instances wrote. */
export async function chaos({ calls, log, random, killEvery }: ChaosOptions): Promise<ChaosReport> {
  const restart = { maxRestarts: 1_000_000, minDelay: 1, maxDelay: 20, onRestart: () => {} };
  await using pool = await procxyPool(
    Journal,
    new URL('../fixtures/journal.js', import.meta.url),
    { size: 4, restart, maxQueue: 1_000_000, execArgv: [], stdio: 'ignore' },
    log,
  );
  const report: ChaosReport = {
    settled: 0,
    kills: 0,
    fulfilled: 0,
    ran: { no: 0, maybe: 0 },
    ranTwice: [],
    undecided: [],
  };
  const outcomes = new Map<string, 'fulfilled' | 'no' | 'maybe'>();
  const over = new AbortController();
  const killing = (async () => {
    while (!over.signal.aborted) {
      await sleep(random() * 2 * killEvery);
      const alive = (await pool.$stats()).instances.filter(({ state }) => state === 'up');
      const victim = alive[Math.floor(random() * alive.length)];
      if (!victim?.pid) continue;
      try {
        process.kill(victim.pid, 'SIGKILL');
        report.kills++;
      } catch {
        // It has ended by itself meanwhile.
      }
    }
  })();
  const one = async (id: string): Promise<void> => {
    try {
      await pool.run(id);
      report.fulfilled++;
      outcomes.set(id, 'fulfilled');
    } catch (error) {
      const { ran } = error as { ran?: 'no' | 'maybe' };
      if (ran === undefined) report.undecided.push(error);
      else {
        report.ran[ran]++;
        outcomes.set(id, ran);
      }
    }
    report.settled++;
  };
  // In portions, so that calls are made all the time.
  for (let made = 0; made < calls; made += 500) {
    await Promise.all(Array.from({ length: Math.min(500, calls - made) }, (_, n) => one(`${made + n}`)));
  }
  over.abort();
  await killing;
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
  const ran = new Set<string>();
  for (const line of lines) {
    if (ran.has(line)) report.ranTwice.push(line);
    ran.add(line);
  }
  for (const [id, outcome] of outcomes) {
    if (outcome === 'fulfilled' && !ran.has(id)) report.undecided.push(`${id} was answered and has not run`);
    if (outcome === 'no' && ran.has(id)) report.undecided.push(`${id} ran and says it did not`);
  }
  return report;
}
