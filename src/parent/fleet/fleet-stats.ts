import type { InstanceStats, PoolStats } from '../../types/pool.js';
import { FleetTimes } from './fleet-times.js';
import { LastUsage } from './last-usage.js';
import type { Member } from './member.js';

/** What a pool has measured so far. */
export class FleetStats extends FleetTimes {
  readonly #usage = new LastUsage();
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

  /** Bytes of memory. `undefined` if the instance does not answer. */
  async rss(member: Member): Promise<number | undefined> {
    return (await this.#readOne(member)).rss;
  }

  async #readOne(member: Member): Promise<InstanceStats> {
    const { instance, stats } = member;
    return { ...stats, ...(await this.#usage.read(member, instance?.connection)) };
  }
}
