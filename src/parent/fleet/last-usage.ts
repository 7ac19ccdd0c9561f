import type { InstanceStats } from '../../types/pool.js';
import type { Connection } from '../connection.js';

/** How long a process may take to say what it uses, in ms. One that runs longer without a turn of its event loop is busy. */
const USAGE_TIME = 250;

export type Usage = Pick<InstanceStats, 'rss' | 'cpu' | 'utilization'>;

/** Remembers what processes use, as they said last. */
export class LastUsage {
  readonly #last = new WeakMap<object, Pick<Usage, 'rss' | 'cpu'>>();

  /**
   * @param owner identifies the process, or what follows it
   * @param connection absent while there is no process
   */
  async read(owner: object, connection: Connection | undefined): Promise<Usage> {
    const usage = await connection?.usage(USAGE_TIME);
    if (usage) {
      this.#last.set(owner, { rss: usage.rss, cpu: usage.cpu });
      return usage;
    }
    const { rss, cpu } = this.#last.get(owner) ?? { rss: undefined, cpu: undefined };
    return { rss, cpu, utilization: connection && 1 };
  }

  /** Adds to each of several what its process uses. A process that several share is asked once. */
  readEach<S extends { pid: number | undefined }>(
    all: readonly { stats: S; owner: object; connection: Connection | undefined }[],
  ): Promise<(S & Usage)[]> {
    const asked = new Map<number, Promise<Usage>>();
    return Promise.all(
      all.map(async ({ stats, owner, connection }) => {
        const { pid } = stats;
        const usage = (pid === undefined ? undefined : asked.get(pid)) ?? this.read(owner, connection);
        if (pid !== undefined) asked.set(pid, usage);
        return { ...stats, ...(await usage) };
      }),
    );
  }
}
