import type { LocalMethod } from './emitters.js';
import type { CannotCross } from './serializable.js';

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

/** Names that a promise has itself. */
type PromiseName = keyof Promise<unknown> | keyof typeof Object.prototype | symbol;

/** Names that others read on a promise: they call nothing there. */
type LocalName =
  'next' | 'return' | 'throw' | 'pipe' | 'subscribe' | 'toJSON' | 'asymmetricMatch' | `_${string}` | `$${string}`;

/** The methods of a reference that can be called before it has arrived. Its other members say why they cannot. */
export type Pipelined<V> =
  V extends Pipelines<true>
    ? {
        readonly [K in keyof V as K extends PromiseName ? never : K]: K extends LocalName
          ? CannotCross<'Other code looks for this name on promises, so it calls nothing on a result that has not arrived. Await the result first.'>
          : K extends ListenerName<V>
            ? CannotCross<'Listeners are added to a reference that has arrived. Await the result first.'>
            : V[K];
      }
    : unknown;

/** The methods of a result that may be a reference, or something else, such as `null`. */
export type PerhapsPipelined<V> = [V] extends [Pipelines<true>]
  ? unknown
  : [Extract<V, Pipelines<true>>] extends [never]
    ? unknown
    : {
        readonly [
          K in Exclude<keyof Extract<V, Pipelines<true>>, PromiseName>
        ]: CannotCross<'This result may be something else than a reference. Await it, and check what it is.'>;
      };

/** Listeners belong to a reference, and are added when it is there. */
type ListenerName<V> = V extends { readonly emit: never } ? LocalMethod : never;
