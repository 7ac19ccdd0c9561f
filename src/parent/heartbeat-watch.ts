import { clearInterval, now, setImmediate, setInterval } from '../clock.js';
import { warn } from '../warnings.js';
import type { ResolvedHeartbeat } from '../options/containment.js';
import type { Worker } from './worker.js';

/** Who is watched. */
export interface Watched {
  readonly worker: Worker;
  /** How many messages have arrived so far: each is a sign of life. */
  received(): number;
  /** The child waits for this process, as it was asked to. */
  isWaiting(): boolean;
}

/**
 * Sees whether a child's event loop turns. Only time in which this process could have seen a sign of life counts: where it was blocked,
 * or stopped, itself, the child is given as long again.
 */
export class HeartbeatWatch {
  readonly #options: ResolvedHeartbeat;
  readonly #child: Watched;
  readonly #timer: NodeJS.Timeout;
  #received: number;
  #judged = now();
  /** ms without a sign of life, as of then. */
  #silence = 0;
  #told = false;
  #closed = false;

  constructor(options: ResolvedHeartbeat, child: Watched) {
    this.#options = options;
    this.#child = child;
    this.#received = child.received();
    // What has arrived by now is read before the judgement.
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

  /** ms of the time since the last judgement in which this process turned. */
  #awake(time: number): number {
    return Math.min(time - this.#judged, 2 * this.#options.interval);
  }
}
