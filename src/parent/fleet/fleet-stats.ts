import type { InstanceStats, PoolStats } from '../../types/pool.js';
import { FleetTimes } from './fleet-times.js';
import type { Member } from './member.js';

/** How long an instance may take to say what it uses, in ms. One that runs longer without a turn of its event loop is busy. */
const USAGE_TIME = 250;

/** What a pool has measured so far. */
export class FleetStats extends FleetTimes {
  /** What each instance said of itself last. */
  readonly #usage = new WeakMap<Member, Pick<InstanceStats, 'rss' | 'cpu'>>();
  /** Restarts of members that are gone. */
  restarts = 0;

  async read(state: PoolStats['state'], waiting: number, members: ReadonlySet<Member>): Promise<PoolStats> {
    // As it is now: an instance that goes while others answer would count twice.
    const { restarts: ofGone } = this;
    const instances = await Promise.all([...members].map((member) => this.#readOne(member)));
    return {
      state,
      waiting,
      running: instances.reduce((sum, { running }) => sum + running, 0),
      restarts: instances.reduce((sum, { restarts }) => sum + restarts, ofGone),
      instances,
      waitTime: this.waitTime,
      runTime: this.runTime,
    };
  }

  /** Bytes of memory, where the instance says. */
  async rss(member: Member): Promise<number | undefined> {
    return (await this.#readOne(member)).rss;
  }

  async #readOne(member: Member): Promise<InstanceStats> {
    const { instance, stats } = member;
    const usage = await instance?.connection.usage(USAGE_TIME);
    if (usage) {
      this.#usage.set(member, { rss: usage.rss, cpu: usage.cpu });
      return { ...stats, ...usage };
    }
    const { rss, cpu } = this.#usage.get(member) ?? { rss: undefined, cpu: undefined };
    return { ...stats, rss, cpu, utilization: instance && 1 };
  }
}
