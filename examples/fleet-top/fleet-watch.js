import diagnostics from 'node:diagnostics_channel';

const KEPT_NEWS = 8;

/**
 * @typedef {import('procxy').PoolStats} PoolStats
 * @typedef {{ time: Date, what: 'crash' | 'recycle' | 'end' | 'queue', text: string }} News
 * @typedef {object} Row an instance, with its use of the CPU since the last look
 * @property {number | undefined} pid
 * @property {string} state
 * @property {number} running
 * @property {number} calls
 * @property {number} restarts
 * @property {number | undefined} rss bytes
 * @property {number | undefined} cpu the share of one core, from 0 to 1 or a little more
 * @property {number | undefined} loop the share of time in which its event loop was busy
 * @typedef {object} Look
 * @property {PoolStats} stats
 * @property {Row[]} rows
 * @property {number} callsPerSecond calls that have ended since the last look
 * @property {number} longestWait ms that a call of these has waited at most
 */

/** Looks at a pool from outside: at its `$stats()`, and at what procxy publishes on its diagnostics channels. */
export class FleetWatch {
  /** @type {News[]} the newest last */
  news = [];
  #pool;
  #className;
  #onNews;
  /** @type {Map<number, number>} ms of CPU that each process had used at the last look */
  #cpu = new Map();
  #ended = 0;
  #time = performance.now();
  #longestWait = 0;
  #subscriptions = /** @type {const} */ ([
    ['procxy:queue', (/** @type {any} */ message) => this.#noteWait(message)],
    ['procxy:restart', (/** @type {any} */ message) => this.#noteRestart(message)],
    ['procxy:end', (/** @type {any} */ message) => this.#noteEnd(message)],
  ]);

  /**
   * @param {{ $stats(): Promise<PoolStats> }} pool
   * @param {string} className whose children are watched: the channels tell of all
   * @param {(news: News) => void} onNews
   */
  constructor(pool, className, onNews = () => {}) {
    this.#pool = pool;
    this.#className = className;
    this.#onNews = onNews;
    for (const [name, listener] of this.#subscriptions) diagnostics.subscribe(name, listener);
  }

  /** @returns {Promise<Look>} */
  async look() {
    const stats = await this.#pool.$stats();
    const elapsed = performance.now() - this.#time;
    this.#time += elapsed;
    const rows = stats.instances.map(({ cpu, utilization, ...instance }) => {
      const before = this.#cpu.get(instance.pid ?? 0);
      const share = cpu === undefined || before === undefined ? undefined : (cpu - before) / elapsed;
      return { ...instance, cpu: share, loop: utilization };
    });
    this.#cpu = new Map(stats.instances.map(({ pid, cpu }) => [pid ?? 0, cpu ?? 0]));
    const callsPerSecond = ((stats.runTime.count - this.#ended) / elapsed) * 1000;
    this.#ended = stats.runTime.count;
    const longestWait = this.#longestWait;
    this.#longestWait = 0;
    return { stats, rows, callsPerSecond, longestWait };
  }

  close() {
    for (const [name, listener] of this.#subscriptions) diagnostics.unsubscribe(name, listener);
  }

  /** @param {{ className: string, wait: number }} message a call that had to wait was given to an instance */
  #noteWait({ className, wait }) {
    if (className === this.#className) this.#longestWait = Math.max(this.#longestWait, wait);
  }

  /** @param {{ className: string, pid: number, reason: 'crash' | 'recycle' }} message */
  #noteRestart({ className, pid, reason }) {
    if (className !== this.#className) return;
    this.#add(
      reason,
      reason === 'crash' ? `${pid} has started after a crash` : `${pid} has started for a recycled one`,
    );
  }

  /** @param {{ className: string, pid: number, code: number | null, signal: string | null }} message */
  #noteEnd({ className, pid, code, signal }) {
    if (className === this.#className) this.#add('end', `${pid} has ended: ${signal ?? `exit code ${code}`}`);
  }

  /** @param {News['what']} what @param {string} text */
  #add(what, text) {
    const news = { time: new Date(), what, text };
    this.news = [...this.news, news].slice(-KEPT_NEWS);
    this.#onNews(news);
  }
}
