import type { EventSubscriptions } from '../session/event-subscriptions.js';
import { toEventName, type Event } from '../session/event-name.js';

type AnyFunction = (...args: never[]) => unknown;

/** Those that add or remove a listener of one event, and return the emitter. */
const changing = [
  'on',
  'once',
  'off',
  'addListener',
  'removeListener',
  'prependListener',
  'prependOnceListener',
] as const;
/** Those that ask about this side's listeners. */
const asking = ['listenerCount', 'listeners', 'rawListeners', 'eventNames', 'getMaxListeners'] as const;

/** The emitter's methods of the instance that are not remote. An event is emitted by the instance only. */
export const emitterMethods: ReadonlySet<string> = new Set([
  ...changing,
  ...asking,
  'removeAllListeners',
  'setMaxListeners',
  'emit',
]);

/** What an emitter's proxy has in their place: they work on the listeners of this process. */
export function eventApi(events: EventSubscriptions, proxy: () => object): Record<string, AnyFunction> {
  const { emitter } = events;
  const api: Record<string, AnyFunction> = {};
  for (const name of asking) api[name] = emitter[name].bind(emitter) as AnyFunction;
  for (const name of changing) {
    api[name] = (event: Event, listener: (...args: unknown[]) => void) => {
      toEventName(event);
      emitter[name](event, listener);
      events.update(event);
      return proxy();
    };
  }
  api.removeAllListeners = (...event: [Event?]) => {
    emitter.removeAllListeners(...event);
    events.update(event[0]);
    return proxy();
  };
  api.setMaxListeners = (count: number) => {
    emitter.setMaxListeners(count);
    return proxy();
  };
  return api;
}
