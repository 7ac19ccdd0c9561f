import { clearImmediate, setImmediate } from './clock.js';

/**
 * Calls `action` when the event loop has accepted and read everything that is waiting now. A time limit that ends in it does not count
 * the time in which this process was blocked. Returns a function that cancels it.
 *
 * It takes two turns: in the first, a waiting socket is accepted, and in the second, its bytes are read.
 */
export function afterReading(action: () => void): () => void {
  let immediate = setImmediate(() => {
    immediate = setImmediate(action);
  });
  return () => clearImmediate(immediate);
}
