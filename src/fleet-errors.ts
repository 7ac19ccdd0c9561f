import { define, ProcxyError } from './errors.js';

/** The errors of calls that wait: for an instance of a pool or of a key, or for one that starts again. Their methods have not run. */

/**
 * A call would have had to wait, and as many calls as `maxQueue` allows wait already.
 *
 * @example
 * ```ts
 * try {
 *   response.end(await renderers.render(source));
 * } catch (error) {
 *   if (error instanceof QueueFullError) response.writeHead(429).end();
 * }
 * ```
 */
export class QueueFullError extends ProcxyError {
  declare readonly name: 'QueueFullError';
  declare readonly code: 'PROCXY_QUEUE_FULL';
  static {
    define(this, 'QueueFullError', 'PROCXY_QUEUE_FULL');
  }
  /** The method. */
  readonly method: string;
  /** How many calls may wait. */
  readonly maxQueue: number;

  constructor(method: string, maxQueue: number, message: string) {
    super(message);
    this.method = method;
    this.maxQueue = maxQueue;
  }
}

/**
 * A call has waited for as long as `queueTimeout` allows.
 *
 * @example
 * ```ts
 * try {
 *   response.end(await renderers.render(source)); // the pool has { queueTimeout: 500 }
 * } catch (error) {
 *   if (error instanceof QueueTimeoutError) response.writeHead(503).end();
 * }
 * ```
 */
export class QueueTimeoutError extends ProcxyError {
  declare readonly name: 'QueueTimeoutError';
  declare readonly code: 'PROCXY_QUEUE_TIMEOUT';
  static {
    define(this, 'QueueTimeoutError', 'PROCXY_QUEUE_TIMEOUT');
  }
  /** The method. */
  readonly method: string;
  /** What it was allowed to wait, in ms. */
  readonly timeoutMs: number;

  constructor(method: string, timeoutMs: number, message: string) {
    super(message);
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * A pool takes no calls: it was drained or terminated, or all its instances have failed. The last crash is the `cause` then.
 *
 * @example
 * ```ts
 * const renderers = await procxyPool(Renderer, { size: 2 }, 'en');
 * await renderers.$drain();
 * await renderers.render('# Title').catch((error: unknown) => error instanceof PoolClosedError); // true
 * ```
 */
export class PoolClosedError extends ProcxyError {
  declare readonly name: 'PoolClosedError';
  declare readonly code: 'PROCXY_POOL_CLOSED';
  static {
    define(this, 'PoolClosedError', 'PROCXY_POOL_CLOSED');
  }
}

/** The classes by name, for reviving an error that another process threw. */
export const fleetErrorClasses = { QueueFullError, QueueTimeoutError, PoolClosedError };
