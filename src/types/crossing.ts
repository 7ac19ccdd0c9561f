import type { ChildProcess } from 'node:child_process';
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AnyFunction } from './any-function.js';
import type { IsEmitter, LocalMethod } from './emitters.js';
import type { LentMark } from './lent.js';
import type { ProcxyOptions } from './options.js';
import type { SerializationMode, TransferTypes } from './serializable.js';

/** What crosses, and which way: what the types of values on the other side are worked out from. */

/**
 * What decides the types of a proxy, worked out from its options. The compiler knows two of these as one type where their arguments are
 * equal, so that it compares proxies with other options without looking at each member.
 */
export interface Setting<
  Mode extends SerializationMode = SerializationMode,
  Handles extends boolean = boolean,
  Callbacks extends boolean = boolean,
  References extends boolean = boolean,
  Mirror = unknown,
  Process = unknown,
> {
  readonly mode: Mode;
  readonly handles: Handles;
  readonly callbacks: Callbacks;
  readonly references: References;
  /** `true`, `false`, or the names of the mirrored properties. */
  readonly mirror: Mirror;
  /** The type of `$process`. */
  readonly process: Process;
}

/** How a value crosses. Two with equal arguments are one type, as with {@link Setting}. */
export interface Crossing<
  Mode extends SerializationMode = SerializationMode,
  Handles extends boolean = boolean,
  References extends boolean = boolean,
  Streams extends boolean = boolean,
  Functions extends 'refused' | 'parameter' | 'gone' | 'result' = 'refused' | 'parameter' | 'gone' | 'result',
> {
  readonly mode: Mode;
  readonly handles: Handles;
  /** Whether objects with methods cross by reference. */
  readonly references: References;
  readonly streams: Streams;
  /**
   * The direction, and what happens to functions. To the child, they are `refused`, or get the type for a `parameter`. From the
   * child, they are `gone`, like the methods of an instance, or get the type for a `result`.
   */
  readonly functions: Functions;
}

export type With<
  S extends Pick<Crossing, 'mode' | 'handles' | 'references'>,
  F extends Crossing['functions'],
> = Crossing<S['mode'], S['handles'], S['references'], true, F>;

export type AsResult<S extends Setting> = With<S, S['callbacks'] extends true ? 'result' : 'gone'>;
export type AsParameter<S extends Setting> = With<S, S['callbacks'] extends true ? 'parameter' : 'refused'>;
export type AsProperty<S extends Setting> = Crossing<S['mode'], S['handles'], S['references'], false, 'gone'>;

export type Primitive = string | number | boolean | null | undefined | void;

/** What crosses as itself, either way and in both modes. */
export type AsItself = Primitive | Error | AbortSignal | TransferTypes[keyof TransferTypes];

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

export type Bytes = Uint8Array | ArrayBuffer;

export interface HasToJson {
  toJSON(...args: never[]): unknown;
}

/** Everything that does not cross as an array or as an object with its properties. */
export type Special =
  | symbol
  | bigint
  | AnyClass
  | AnyFunction
  | Handle
  | Streaming
  | Iterating
  | Uncloneable
  | Cloneable
  | Collection
  | HasToJson
  | LentMark<unknown>;

export type IsAny<T> = 0 extends 1 & T ? true : false;

/** The options of a proxy, or only the mode. */
export type Config = SerializationMode | ProcxyOptions;

/** `true`, `false`, or the names of the properties that the mirror has. */
type MirrorOf<O extends Config> = O extends { readonly mirror: false }
  ? false
  : O extends { readonly mirror: readonly (infer Named)[] }
    ? Named
    : true;

/** The type of `$process`. It can be `undefined` only if the options contain `inProcess`. */
type ProcessOf<O extends Config> = O extends { readonly inProcess: infer In }
  ? true extends In
    ? In extends true
      ? undefined
      : ChildProcess | undefined
    : ChildProcess
  : ChildProcess;

/** As a member's type a `Setting` is one type with others that are equal. In an alias it would be another one for each `O`. */
interface Settings<O extends Config> {
  readonly of: Setting<
    O extends 'advanced' | { readonly serialization: 'advanced' } ? 'advanced' : 'json',
    O extends { readonly supportHandles: true } ? true : false,
    O extends { readonly enableCallbacks: true } ? true : false,
    O extends { readonly enableReferences: true } ? true : false,
    MirrorOf<O>,
    ProcessOf<O>
  >;
}

export type SettingOf<O extends Config> = Settings<O>['of'];

/** The same options in both directions, so that a reference has the same type when it arrives and when it is passed back. */
export interface OptionsOf<C extends Crossing> {
  readonly serialization: C['mode'];
  readonly supportHandles: C['handles'];
  readonly enableCallbacks: C['functions'] extends 'result' | 'parameter' ? true : false;
  readonly enableReferences: C['references'] extends false ? false : true;
}

/** Methods that `await`, `JSON.stringify` and test frameworks call implicitly. A proxy does not have them. */
export type ProbedMethod = 'then' | 'toJSON' | 'asymmetricMatch';

/** The well-known symbols of methods that can be called on a proxy. Iteration and disposal have types of their own. */
type SymbolMethod =
  typeof Symbol.match | typeof Symbol.matchAll | typeof Symbol.replace | typeof Symbol.search | typeof Symbol.split;

/** `K` where it is such a symbol, and names a method. */
export type SymbolKey<T, K extends keyof T> = K extends SymbolMethod
  ? IsMethod<T[K]> extends true
    ? K
    : never
  : never;

/** Whether a member is a method. A member of the type `any` or `unknown` may be anything, and counts as data. */
export type IsMethod<V> = unknown extends V ? false : NonNullable<V> extends AnyFunction ? true : false;

/** The keys of an object that hold data. */
export type DataKeys<T> = {
  [K in keyof T]-?: K extends symbol ? never : IsMethod<T[K]> extends true ? never : K;
}[keyof T];

/** The names of methods that make an object a reference. */
type OwnMethodName<T> = {
  [K in keyof T]-?: IsMethod<T[K]> extends true
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
type HasMethods<T> = T extends OfLanguage ? false : [OwnMethodName<T>] extends [never] ? false : true;

type IteratorMethod = 'next' | 'return' | 'throw';
type IteratorHelper =
  'map' | 'filter' | 'take' | 'drop' | 'flatMap' | 'reduce' | 'toArray' | 'forEach' | 'some' | 'every' | 'find';

/** Whether an iterable has more methods, like the cursor of a database. */
type IsMoreThanIterator<T> = [
  Exclude<
    OwnMethodName<T>,
    IteratorMethod | symbol | (T extends Iterator<unknown> & Iterable<unknown> ? IteratorHelper : never)
  >,
] extends [never]
  ? false
  : true;

/** Whether an object stays where it is, where references are enabled. */
export type IsReference<T> = HasMethods<T> extends true ? (T extends Iterating ? IsMoreThanIterator<T> : true) : false;

/** `K` where it names a method of a reference. It depends on all of `S`, as the members of a proxy do: see `OddKey`. */
export type RemoteKey<T, K extends keyof T, S extends Setting> = K extends symbol | ProbedMethod
  ? SymbolKey<T, K>
  : [IsMethod<T[K]>, S['mirror']] extends [true, unknown]
    ? K extends LocalMethod
      ? IsEmitter<T> extends true
        ? never
        : K
      : K
    : never;

/** The keys that an object keeps on its way. */
export type KeptKeys<T, C extends Crossing> = C['functions'] extends 'gone' ? DataKeys<T> : Exclude<keyof T, symbol>;
