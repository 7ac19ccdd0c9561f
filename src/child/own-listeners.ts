import { nextTick } from '../clock.js';

type Listener = (...args: unknown[]) => void;

/** The events by which this program talks to its parent, and ends. */
const names = ['message', 'disconnect', 'exit', 'SIGINT', 'SIGTERM', 'uncaughtExceptionMonitor'];

/**
 * Keeps the listeners that `process` has now, all of them this program's, when the user's code removes all listeners of an event:
 * `process.removeAllListeners('message')` would make this process deaf.
 */
export function keepOwnListeners(): void {
  const emitter: NodeJS.EventEmitter = process;
  const own = new Map<string | symbol, Set<Listener>>();
  for (const name of names) own.set(name, new Set(emitter.listeners(name) as Listener[]));
  const restore = (name: string | symbol, listener: Listener): void => {
    if (!own.get(name)?.has(listener)) return;
    nextTick(() => {
      if (!emitter.listeners(name).includes(listener)) emitter.on(name, listener);
      // Node counts the listeners of the channel by a listener, which may be gone.
      if (name === 'message') process.channel?.ref();
    });
  };
  emitter.on('removeListener', restore);
  own.set('removeListener', new Set([restore as Listener]));
}
