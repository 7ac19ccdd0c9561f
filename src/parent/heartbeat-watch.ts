import { clearInterval, now, setImmediate, setInterval } from '../clock.js';
import { warn } from '../warnings.js';
import type { ResolvedHeartbeat } from '../options/containment.js';
import type { Worker } from './worker.js';

/** The child that is watched. */
export interface Watched {
  readonly worker: Worker;
  /** How many messages have arrived so far. Each is a sign of life. */
  received(): number;
  /** Whether the child is blocked in a `sync()` function, waiting for this process. */
  isWaiting(): boolean;
}

/**
 * Detects when a child's event loop is blocked. Only time in which this process could have received a sign of life counts. Time
 * in which this process was itself blocked or stopped does not.
 */
export class HeartbeatWatch {
  readonly #options: ResolvedHeartbeat;
  readonly #child: Watched;
  readonly #timer: NodeJS.Timeout;
  #received: number;
  #judged = now();
  /** ms without a sign of life, at the time of the last judgement. */
  #silence = 0;
  #told = false;
  #closed = false;

  constructor(options: ResolvedHeartbeat, child: Watched) {
    this.#options = options;
    this.#child = child;
    this.#received = child.received();
    // Messages that have arrived by now are read before the judgement.
    this.#timer = setInterval(() => setImmediate(() => this.#judge()), options.interval);
    this.#timer.unref();
  }

  /** ms since the last sign of life. */
  get blockedFor(): number {
    if (this.#child.received() !== this.#received || this.#child.isWaiting()) return 0;
    return this.#silence + this.#awake(now());
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #judge(): void {
    if (this.#closed) return;
    const time = now();
    const silence = this.blockedFor;
    this.#received = this.#child.received();
    this.#judged = time;
    this.#silence = silence;
    if (silence < this.#options.limit) this.#told = false;
    else if (!this.#told) {
      this.#told = true;
      this.#tell(Math.round(silence));
    }
  }

  #tell(blockedFor: number): void {
    const { onBlocked } = this.#options;
    const { worker } = this.#child;
    const what = `its event loop has not turned for ${blockedFor} ms`;
    if (typeof onBlocked === 'function') onBlocked(blockedFor);
    else if (onBlocked === 'terminate') worker.end('kill', what);
    else warn('PROCXY_BLOCKED', `The child process ${worker.pid} is blocked: ${what}.`);
  }

  /** ms since the last judgement in which the event loop of this process was not blocked. */
  #awake(time: number): number {
    return Math.min(time - this.#judged, 2 * this.#options.interval);
  }
}
