import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** Notes how calls have ended while processes are killed, and compares that with what the processes wrote down. */
export class ChaosAccount {
  readonly report: ChaosReport = {
    settled: 0,
    kills: 0,
    fulfilled: 0,
    ran: { no: 0, maybe: 0 },
    ranTwice: [],
    undecided: [],
  };
  readonly #outcomes = new Map<string, 'fulfilled' | 'no' | 'maybe'>();

  /** @param id what the call writes down when it runs */
  async note(id: string, call: PromiseLike<unknown>): Promise<void> {
    const { report } = this;
    try {
      await call;
      report.fulfilled++;
      this.#outcomes.set(id, 'fulfilled');
    } catch (error) {
      const { ran } = error as { ran?: 'no' | 'maybe' };
      if (ran === undefined) report.undecided.push(error);
      else {
        report.ran[ran]++;
        this.#outcomes.set(id, ran);
      }
    }
    report.settled++;
  }

  /**
   * Kills one process after the other, at random.
   * @param victims the processes that live
   * @param killEvery ms from one kill to the next, about
   */
  async killUntil(
    over: AbortSignal,
    victims: () => Promise<(number | undefined)[]>,
    random: () => number,
    killEvery: number,
  ): Promise<void> {
    while (!over.aborted) {
      await sleep(random() * 2 * killEvery);
      const pids = await victims();
      const victim = pids[Math.floor(random() * pids.length)];
      if (!victim) continue;
      try {
        process.kill(victim, 'SIGKILL');
        this.report.kills++;
      } catch {
        // It has ended by itself meanwhile.
      }
    }
  }

  /** Compares what is noted with the log, and returns its lines. */
  compare(log: string): string[] {
    const { report } = this;
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
    const ran = new Set<string>();
    for (const line of lines) {
      if (ran.has(line)) report.ranTwice.push(line);
      ran.add(line);
    }
    for (const [id, outcome] of this.#outcomes) {
      if (outcome === 'fulfilled' && !ran.has(id)) report.undecided.push(`${id} was answered and has not run`);
      if (outcome === 'no' && ran.has(id)) report.undecided.push(`${id} ran and says it did not`);
    }
    return lines;
  }
}
