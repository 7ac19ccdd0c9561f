import type { Readable, Writable } from 'node:stream';
import { nextTick } from '../../clock.js';

/**
 * Runs an action as soon as somebody listens for an event of a stream: at once, or when the first listener is added.
 *
 * A real stream may fail before the user has its stand-in. An `'error'` event without a listener would end the process, although
 * the user's next statement is to be `await pipeline(…)`.
 */
export function whenHeard(stream: Readable | Writable, event: 'error' | 'end', act: () => void): void {
  if (stream.listenerCount(event) > 0) return act();
  const notice = (added: string | symbol): void => {
    if (added !== event) return;
    stream.off('newListener', notice);
    // The listener is not there yet, and others may be added with it.
    nextTick(act);
  };
  stream.on('newListener', notice);
}
