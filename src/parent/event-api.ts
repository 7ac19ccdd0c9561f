import type { AnyFunction } from '../types/any-function.js';
import { asking, changing, once } from '../session/events/emitter-methods.js';
import type { Listeners } from '../session/events/listeners.js';
import { toEventName, type Event } from '../session/events/event-name.js';

type Listener = (...args: unknown[]) => void;

/** Makes the local replacements of these methods, which work with the listeners of this process. */
export function eventApi(
  listeners: Listeners,
  proxy: () => object,
  methods: readonly string[],
): Record<string, AnyFunction> {
  const { emitter } = listeners;
  const api: Record<string, AnyFunction> = {};
  const isNodes = methods.includes('addListener') || methods.includes('removeListener');
  const change = (method: (typeof changing)[number], given: Event, listener: Listener): object => {
    const event = typeof given === 'symbol' ? given : String(given);
    toEventName(event);
    if (method !== 'off' && method !== 'removeListener') listeners.keepContext(listener);
    emitter[method](event, listener);
    listeners.update(event);
    if (isNodes || method === 'off') return proxy();
    return unsubscriber(proxy(), () => void change('off', event, listener));
  };
  for (const name of asking) api[name] = emitter[name].bind(emitter) as AnyFunction;
  for (const name of changing) api[name] = (event: Event, listener: Listener) => change(name, event, listener);
  for (const [name, add] of Object.entries(once)) {
    api[name] = (event: Event, listener: Listener) => change(add, event, onceOnly(listeners, event, listener));
  }
  api.removeAllListeners = (...event: [Event?]) => {
    emitter.removeAllListeners(...event);
    listeners.update(event[0]);
    return proxy();
  };
  api.setMaxListeners = (count: number) => {
    emitter.setMaxListeners(count);
    return proxy();
  };
  return api;
}

/**
 * Makes the return value of `on()` for emitters other than Node's. Some return a function that removes the listener, others the
 * emitter itself. This is both.
 */
function unsubscriber(proxy: object, unsubscribe: () => void): object {
  return Object.setPrototypeOf(unsubscribe, proxy) as object;
}

/** Wraps a listener that is called once. In its field `listener`, Node's emitter finds the original to remove or list it. */
function onceOnly(listeners: Listeners, event: Event, listener: Listener): Listener {
  if (typeof listener !== 'function') return listener;
  const wrapper = function (this: unknown, ...args: unknown[]): void {
    listeners.emitter.removeListener(event, wrapper);
    Reflect.apply(listener, this, args);
  };
  return Object.assign(wrapper, { listener });
}
