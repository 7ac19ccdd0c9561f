import { nextTick } from '../clock.js';

type Listener = (...args: unknown[]) => void;

/** The events that this program needs to talk to its parent, and to end. */
const names = ['message', 'disconnect', 'exit', 'SIGINT', 'SIGTERM', 'uncaughtExceptionMonitor'];

/**
 * Restores this program's listeners on `process` when user code removes all listeners of an event. Otherwise, after
 * `process.removeAllListeners('message')`, this process would receive nothing. Call it before any user code runs.
 */
export function keepOwnListeners(): void {
  const emitter: NodeJS.EventEmitter = process;
  const own = new Map<string | symbol, Set<Listener>>();
  for (const name of names) own.set(name, new Set(emitter.listeners(name) as Listener[]));
  const restore = (name: string | symbol, listener: Listener): void => {
    if (!own.get(name)?.has(listener)) return;
    nextTick(() => {
      if (!emitter.listeners(name).includes(listener)) emitter.on(name, listener);
      // Node keeps the channel referenced with a listener of its own, which may be gone too.
      if (name === 'message') process.channel?.ref();
    });
  };
  emitter.on('removeListener', restore);
  own.set('removeListener', new Set([restore as Listener]));
}
