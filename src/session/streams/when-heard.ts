import type { Readable, Writable } from 'node:stream';
import { nextTick } from '../../clock.js';

/**
 * Runs an action as soon as an event of a stream has a listener: immediately, or when the first listener is added.
 *
 * A real stream may fail before the user has its stand-in. An `'error'` event without a listener would end the process, even if
 * the user's next statement is `await pipeline(…)`.
 */
export function whenHeard(stream: Readable | Writable, event: 'error' | 'end', act: () => void): void {
  if (stream.listenerCount(event) > 0) return act();
  const notice = (added: string | symbol): void => {
    if (added !== event) return;
    stream.off('newListener', notice);
    // `newListener` comes before the listener is added, and more may be added right after it.
    nextTick(act);
  };
  stream.on('newListener', notice);
}
