import type { LocalMethod } from './emitters.js';

declare const unawaited: unique symbol;
declare const pipelines: unique symbol;

/** Only in types: the result of a call that may be an argument of another call before it has arrived. */
export interface Unawaited<V> {
  readonly [unawaited]: V;
}

/** Only in types: whether methods can be called on a reference before it has arrived. */
export interface Pipelines<Yes> {
  readonly [pipelines]: Yes;
}

/** Names that others read on a promise: they call nothing there. */
type LocalName =
  | 'then'
  | 'catch'
  | 'finally'
  | 'next'
  | 'return'
  | 'throw'
  | 'pipe'
  | 'subscribe'
  | 'toJSON'
  | 'asymmetricMatch'
  | keyof typeof Object.prototype
  | `_${string}`
  | `$${string}`
  | symbol;

/** The methods of a reference that can be called before it has arrived. */
export type Pipelined<V> =
  V extends Pipelines<true>
    ? { readonly [K in keyof V as K extends LocalName | ListenerName<V> ? never : K]: V[K] }
    : unknown;

/** Listeners belong to a reference, and are added when it is there. */
type ListenerName<V> = V extends { readonly emit: never } ? LocalMethod : never;
