import { procxyPool } from 'procxy';
import { Journal } from '../fixtures/journal.js';
import { ChaosAccount, type ChaosReport } from './chaos-account.js';

export interface ChaosOptions {
  calls: number;
  /** The file in which the instances write what they run. */
  log: string;
  random(): number;
  /** ms from one kill to the next, about. */
  killEvery: number;
}

/** How many calls are made at a time, so that calls are made all the time. */
export const PORTION = 500;

/** Makes calls through a pool of four while its children are killed at random, and compares the outcomes with what the instances wrote. */
export async function chaos({ calls, log, random, killEvery }: ChaosOptions): Promise<ChaosReport> {
  const restart = { maxRestarts: 1_000_000, minDelay: 1, maxDelay: 20, onRestart: () => {} };
  await using pool = await procxyPool(
    Journal,
    new URL('../fixtures/journal.js', import.meta.url),
    { size: 4, restart, maxQueue: 1_000_000, execArgv: [], stdio: 'ignore' },
    log,
  );
  const account = new ChaosAccount();
  const over = new AbortController();
  const victims = async (): Promise<(number | undefined)[]> =>
    (await pool.$stats()).instances.filter(({ state }) => state === 'up').map(({ pid }) => pid);
  const killing = account.killUntil(over.signal, victims, random, killEvery);
  for (let made = 0; made < calls; made += PORTION) {
    const portion = Array.from({ length: Math.min(PORTION, calls - made) }, (_, n) => `${made + n}`);
    await Promise.all(portion.map((id) => account.note(id, pool.run(id))));
  }
  over.abort();
  await killing;
  account.compare(log);
  return account.report;
}
