import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AnyFunction } from './any-function.js';
import type { ProcxyOptions } from './options.js';
import type { SerializationMode } from './serializable.js';

/** What crosses, and which way: what the types of values on the other side are worked out from. */

/** What can cross besides data. Derived from a proxy's options. */
export interface Setting {
  mode: SerializationMode;
  handles: boolean;
  callbacks: boolean;
  references: boolean;
}

/** How a value crosses. */
export interface Crossing {
  mode: SerializationMode;
  handles: boolean;
  streams: boolean;
  /** Whether objects with methods cross by reference, or are `kept` unchanged. */
  references: boolean | 'kept';
  /**
   * The direction, and what happens to functions. To the child, they are `refused`, are `kept` unchanged, or get the type for a
   * `parameter`. From the child, they are `gone`, like the methods of an instance, or get the type for a `result`.
   */
  functions: 'refused' | 'kept' | 'parameter' | 'gone' | 'result';
}

export type With<S extends Pick<Crossing, 'mode' | 'handles' | 'references'>, F extends Crossing['functions']> = {
  mode: S['mode'];
  handles: S['handles'];
  streams: true;
  references: S['references'];
  functions: F;
};

export type AsResult<S extends Setting> = With<S, S['callbacks'] extends true ? 'result' : 'gone'>;
export type AsParameter<S extends Setting> = With<S, S['callbacks'] extends true ? 'parameter' : 'refused'>;
/** To check that the rest of a parameter arrives unchanged, regardless of functions in it. */
export type AsKept<S extends Setting> = With<
  { mode: S['mode']; handles: S['handles']; references: 'kept' },
  S['callbacks'] extends true ? 'kept' : 'refused'
>;
export type AsProperty<S extends Setting> = {
  mode: S['mode'];
  handles: S['handles'];
  streams: false;
  references: S['references'];
  functions: 'gone';
};

export type Primitive = string | number | boolean | null | undefined | void;

export type AnyClass = abstract new (...args: never[]) => unknown;

/** Values that cannot cross in any mode, since their content is not in their properties. */
export type Uncloneable =
  | WeakMap<never, unknown>
  | WeakSet<never>
  | WeakRef<never>
  | PromiseLike<unknown>
  | SharedArrayBuffer
  | Iterator<unknown>
  | AsyncIterable<unknown>;

/** Values that structured clone carries, but that JSON would turn into `{}` or something else. */
export type Cloneable = Date | RegExp | ArrayBuffer | ArrayBufferView;

export type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

export type Handle = Socket | Server | DatagramSocket;

export type Streaming = Readable | Writable | ReadableStream | WritableStream;

export type Iterating = AsyncIterable<unknown> | Iterator<unknown>;

export type IsAny<T> = 0 extends 1 & T ? true : false;

export type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The options of a proxy, or only the mode. */
export type Config = SerializationMode | ProcxyOptions;

export interface SettingOf<O extends Config> {
  mode: O extends 'advanced' | { readonly serialization: 'advanced' } ? 'advanced' : 'json';
  handles: O extends { readonly supportHandles: true } ? true : false;
  callbacks: O extends { readonly enableCallbacks: true } ? true : false;
  references: O extends { readonly enableReferences: true } ? true : false;
}

/** The same options in both directions, so that a reference has the same type when it arrives and when it is passed back. */
export interface OptionsOf<C extends Crossing> {
  readonly serialization: C['mode'];
  readonly supportHandles: C['handles'];
  readonly enableCallbacks: C['functions'] extends 'result' | 'parameter' ? true : false;
  readonly enableReferences: C['references'] extends false ? false : true;
}

/** Methods that `await`, `JSON.stringify` and test frameworks call implicitly. A proxy does not have them. */
export type ProbedMethod = 'then' | 'toJSON' | 'asymmetricMatch';

export type MethodName<T> = { [K in keyof T]-?: NonNullable<T[K]> extends AnyFunction ? K : never }[keyof T];

/** The names of methods that make an object a reference. A member of the type `any` counts as data. */
type OwnMethodName<T> = {
  [K in keyof T]-?: IsAny<T[K]> extends true
    ? never
    : NonNullable<T[K]> extends AnyFunction
      ? K extends symbol
        ? K & (typeof Symbol.iterator | typeof Symbol.asyncIterator)
        : K
      : never;
}[keyof T];

/** Instances of built-in classes, which cross in their own ways. */
type OfLanguage =
  | readonly unknown[]
  | Cloneable
  | SharedArrayBuffer
  | Collection
  | WeakMap<never, unknown>
  | WeakSet<never>
  | WeakRef<never>
  | PromiseLike<unknown>
  | URL;

/** Whether an object has methods besides its data. The check at run time is the same. */
export type HasMethods<T> = T extends OfLanguage ? false : [OwnMethodName<T>] extends [never] ? false : true;

type IteratorMethod = 'next' | 'return' | 'throw';
type IteratorHelper =
  'map' | 'filter' | 'take' | 'drop' | 'flatMap' | 'reduce' | 'toArray' | 'forEach' | 'some' | 'every' | 'find';

/** Whether an iterable has more methods, like the cursor of a database. */
export type IsMoreThanIterator<T> = [
  Exclude<
    OwnMethodName<T>,
    IteratorMethod | symbol | (T extends Iterator<unknown> & Iterable<unknown> ? IteratorHelper : never)
  >,
] extends [never]
  ? false
  : true;
