import { afterReading } from '../../after-reading.js';
import { clearTimeout, nextTick, now, setTimeout } from '../../clock.js';

/** The time of a link. A test brings its own, in which hours pass at once. */
export interface LinkClock {
  /** ms of a monotonic clock */
  now(): number;
  /** Calls `action` after `delay` ms. Returns a function that cancels it. */
  after(delay: number, action: () => void): () => void;
  /** Calls `action` when the code that runs now has returned. */
  soon(action: () => void): void;
  /** Calls `action` when everything that has arrived at this process by now was read. */
  afterReading(action: () => void): void;
}

export const realClock: LinkClock = {
  now,
  after(delay, action) {
    // A link keeps no process alive. Open calls do.
    const timer = setTimeout(action, delay).unref();
    return () => clearTimeout(timer);
  },
  soon: nextTick,
  afterReading,
};
