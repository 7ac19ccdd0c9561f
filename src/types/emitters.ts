import type { AnyFunction } from './any-function.js';

/** Methods of an emitter that work with the listeners of this process, with the types that the class declares. */
export type ListenerMethod =
  | 'on'
  | 'once'
  | 'off'
  | 'addListener'
  | 'removeListener'
  | 'removeAllListeners'
  | 'prependListener'
  | 'prependOnceListener'
  | 'listenerCount'
  | 'listeners'
  | 'rawListeners'
  | 'eventNames'
  | 'getMaxListeners'
  | 'setMaxListeners';

interface EmitterLike {
  on: AnyFunction;
  off: AnyFunction;
  emit: AnyFunction;
}

export type IsEmitter<T> = T extends EmitterLike ? true : false;

/** Methods of an emitter that do not call the child. */
export type LocalMethod = ListenerMethod | 'emit';

/** `emit` exists but cannot be called, so that functions such as `events.once()` accept a proxy as an emitter. */
export type ListenerMembers<T> =
  IsEmitter<T> extends true ? Pick<T, Extract<keyof T, ListenerMethod>> & { readonly emit: never } : unknown;
