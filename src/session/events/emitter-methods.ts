/** Methods that add or remove a listener of one event, and return the emitter. */
export const changing = ['on', 'off', 'addListener', 'removeListener', 'prependListener'] as const;
/** Methods whose listener is called only once, and the methods that add it. */
export const once = { once: 'on', prependOnceListener: 'prependListener' } as const;
/** Methods that add a listener. */
export const adding = ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const;
/** Methods that query the listeners of this side. */
export const asking = ['listenerCount', 'listeners', 'rawListeners', 'eventNames', 'getMaxListeners'] as const;

/** Emitter methods that are not remote: proxies work with the listeners of this process. `emit` is missing there: only the object itself emits. */
export const emitterMethods: ReadonlySet<string> = new Set([
  ...changing,
  ...Object.keys(once),
  ...asking,
  'removeAllListeners',
  'setMaxListeners',
  'emit',
]);
