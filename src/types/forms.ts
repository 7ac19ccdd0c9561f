import type { AnyFunction } from './any-function.js';
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { SyncCallback } from './callbacks.js';
import type { CannotCross, SerializationMode, TransferTypes } from './serializable.js';

/**
 * What arrives of a value in another process, as a type. One file, since the types refer to each other in a circle: a value may hold
 * a function, and a function takes values.
 */

/** What can cross besides data: worked out from a proxy's options. */
export interface Setting {
  mode: SerializationMode;
  handles: boolean;
  callbacks: boolean;
}

/** How a value crosses. */
export interface Crossing {
  mode: SerializationMode;
  handles: boolean;
  streams: boolean;
  /**
   * Which way it goes, and what becomes of a function. To the child: it is `refused`; it is `kept` as it is; or it stands as what
   * a `parameter` takes. From the child: it is `gone`, as the methods of an instance are, or stands as what a `result` gives.
   */
  functions: 'refused' | 'kept' | 'parameter' | 'gone' | 'result';
}

type With<S extends Pick<Crossing, 'mode' | 'handles'>, F extends Crossing['functions']> = {
  mode: S['mode'];
  handles: S['handles'];
  streams: true;
  functions: F;
};

export type AsResult<S extends Setting> = With<S, S['callbacks'] extends true ? 'result' : 'gone'>;
export type AsParameter<S extends Setting> = With<S, S['callbacks'] extends true ? 'parameter' : 'refused'>;
/** For the question whether a parameter arrives unchanged, whatever stands for the functions in it. */
type AsKept<S extends Setting> = With<S, S['callbacks'] extends true ? 'kept' : 'refused'>;
export type AsProperty<S extends Setting> = {
  mode: S['mode'];
  handles: S['handles'];
  streams: false;
  functions: 'gone';
};

type Primitive = string | number | boolean | null | undefined | void;

type AnyClass = abstract new (...args: never[]) => unknown;

/** No mode carries these: what they hold is not in their properties. */
type Uncloneable =
  | WeakMap<never, unknown>
  | WeakSet<never>
  | WeakRef<never>
  | PromiseLike<unknown>
  | SharedArrayBuffer
  | Iterator<unknown>
  | AsyncIterable<unknown>;

/** Structured clone carries these, and JSON would make `{}` or something else of them. */
type Cloneable = Date | RegExp | ArrayBuffer | ArrayBufferView;

type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

type Handle = Socket | Server | DatagramSocket;

type Streaming = Readable | Writable | ReadableStream | WritableStream | AsyncIterable<unknown> | Iterator<unknown>;

export type IsAny<T> = 0 extends 1 & T ? true : false;

/** What arrives of a value. `Mark` stands where one cannot cross: see {@link Crosses}. */
type Form<T, C extends Crossing, Mark> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : T extends Primitive | Error | AbortSignal | TransferTypes[keyof TransferTypes]
        ? T
        : T extends symbol | AnyClass
          ? Mark
          : T extends AnyFunction
            ? FunctionForm<T, C, Mark>
            : T extends Handle
              ? C['handles'] extends true
                ? T
                : Mark
              : T extends Streaming
                ? C['streams'] extends true
                  ? StreamForm<T, C, Mark>
                  : Mark
                : C['mode'] extends 'advanced'
                  ? CloneForm<T, C, Mark>
                  : JsonForm<T, C, Mark>;

type FunctionForm<F extends AnyFunction, C extends Crossing, Mark> = C['functions'] extends 'kept'
  ? F
  : C['functions'] extends 'parameter'
    ? ParameterFunction<F, C, Mark>
    : C['functions'] extends 'result'
      ? ResultFunction<F, C, Mark>
      : Mark;

/** A function that the parent gives: its arguments come from the child, and its result goes there. */
type ParameterFunction<F extends AnyFunction, C extends Crossing, Mark> = F extends (...args: infer A) => infer R
  ? MayBePlain<R> extends true
    ? (...args: { [K in keyof A]: Form<A[K], With<C, 'result'>, Mark> }) => SettledForm<R, C, Mark>
    : SyncCallback<{ [K in keyof A]: Form<A[K], With<C, 'result'>, Mark> }, Form<R, C, Mark>>
  : never;

/** Whether the child, which gets a promise, gets what the type says. */
type MayBePlain<R> = [R] extends [void] ? true : Promise<Awaited<R>> extends R ? true : false;

type SettledForm<R, C extends Crossing, Mark> =
  R extends Promise<infer Value> ? Promise<Form<Value, C, Mark>> : Form<R, C, Mark>;

/** A function that the child gives: calling it is a call there. Not worked out before it is looked at, since it may be recursive. */
type ResultFunction<F extends AnyFunction, C extends Crossing, Mark> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Form<A[K], With<C, 'parameter'>, Mark> }) => Pending<Form<Awaited<R>, C, Mark>>
  : never;

/** What a call returns: a promise of the result, over which `for await` may also loop at once where the result is an iterator. */
export type Pending<V> = [V] extends [never]
  ? Promise<V>
  : IsAny<V> extends true
    ? Promise<V>
    : [V] extends [AsyncGenerator<infer Y, unknown, never>]
      ? Promise<V> & AsyncIterable<Y>
      : Promise<V>;

type StreamForm<T, C extends Crossing, Mark> = T extends Duplex
  ? Duplex
  : T extends Readable
    ? Readable
    : T extends Writable
      ? Writable
      : T extends ReadableStream<infer Chunk>
        ? ReadableStream<ChunkForm<Chunk, C, Mark>>
        : T extends WritableStream<infer Chunk>
          ? WritableStream<ChunkForm<Chunk, C, Mark>>
          : IteratorForm<T, C, Mark>;

/** Bytes cross in every stream, in both modes. */
type ChunkForm<Chunk, C extends Crossing, Mark> = Chunk extends Uint8Array | ArrayBuffer ? Chunk : Form<Chunk, C, Mark>;

/** Promises among the items of an iterator are awaited. */
type ItemForm<Item, C extends Crossing, Mark> = ChunkForm<Awaited<Item>, C, Mark>;

/** The child's become asynchronous; one of the parent must be so already. */
type IteratorForm<T, C extends Crossing, Mark> = C['functions'] extends 'result' | 'gone'
  ? T extends AsyncGenerator<infer Y, infer R, infer N> | Generator<infer Y, infer R, infer N>
    ? AsyncGenerator<ItemForm<Y, C, Mark>, ItemForm<R, C, Mark>, N>
    : T extends AsyncIterable<infer Y>
      ? AsyncGenerator<ItemForm<Y, C, Mark>, unknown, undefined>
      : T extends Iterator<infer Y, infer R, infer N> & Iterable<unknown>
        ? AsyncGenerator<ItemForm<Y, C, Mark>, ItemForm<R, C, Mark>, N>
        : Mark
  : T extends AsyncGenerator<infer Y, infer R, infer N>
    ? AsyncGenerator<ChunkForm<Y, C, Mark>, ChunkForm<R, C, Mark>, N>
    : T extends AsyncIterableIterator<infer Y>
      ? AsyncIterableIterator<ChunkForm<Y, C, Mark>>
      : T extends AsyncIterable<infer Y>
        ? AsyncIterable<ChunkForm<Y, C, Mark>>
        : Mark;

type JsonForm<T, C extends Crossing, Mark> = T extends bigint | Uncloneable | Collection | Exclude<Cloneable, Date>
  ? Mark
  : T extends { toJSON(...args: never[]): infer Own }
    ? C['functions'] extends 'result' | 'gone'
      ? Form<Own, C, Mark>
      : Mark
    : T extends object
      ? ObjectForm<T, C, Mark>
      : Mark;

/**
 * Maps and Sets first: they have every method of the weak ones. A type that is recursive through one of them is
 * resolved too early by the compiler, and counts as one that cannot cross.
 */
type CloneForm<T, C extends Crossing, Mark> = T extends bigint | Cloneable
  ? T
  : T extends Map<infer K, infer V>
    ? Map<Form<K, C, Mark>, Form<V, C, Mark>>
    : T extends Set<infer M>
      ? Set<Form<M, C, Mark>>
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<Form<K, C, Mark>, Form<V, C, Mark>>
        : T extends ReadonlySet<infer M>
          ? ReadonlySet<Form<M, C, Mark>>
          : T extends Uncloneable
            ? Mark
            : T extends object
              ? ObjectForm<T, C, Mark>
              : Mark;

/** Arrays and tuples keep their shape; an object keeps its data. Where functions cross, those of an object are taken for its own. */
type ObjectForm<T extends object, C extends Crossing, Mark> = T extends readonly unknown[]
  ? ArrayForm<T, C, Mark>
  : keyof T extends never
    ? T
    : KeptKeys<T, C> extends never
      ? Mark
      : { [K in keyof T as K extends KeptKeys<T, C> ? K : never]: Form<T[K], C, Mark> };

/**
 * An array, told from a tuple by what it takes, is written out: the compiler resolves that late, where a mapped type
 * would never end for a recursive element.
 */
type ArrayForm<T extends readonly unknown[], C extends Crossing, Mark> = T[number][] extends T
  ? T extends unknown[]
    ? Form<T[number], C, Mark>[]
    : readonly Form<T[number], C, Mark>[]
  : { [K in keyof T]: Form<T[K], C, Mark> };

type KeptKeys<T, C extends Crossing> = C['functions'] extends 'gone' ? DataKeys<T> : Exclude<keyof T, symbol>;

type DataKeys<T> = {
  [K in keyof T]-?: K extends symbol ? never : NonNullable<T[K]> extends AnyFunction ? never : K;
}[keyof T];

interface MarkA {
  readonly __procxy_mark: 1;
}

interface MarkB {
  readonly __procxy_mark: 2;
}

/**
 * Whether a value of type `T` can cross at all. Both forms are the same type unless a mark stands in them somewhere,
 * however deep: and the compiler's comparison, unlike a recursive conditional type, ends for recursive types too.
 */
export type Crosses<T, C extends Crossing> = [Form<T, C, MarkA>] extends [Form<T, C, MarkB>] ? true : false;

/** Whether a value of type `T` arrives as the same type. */
type CrossesUnchanged<T, C extends Crossing> = IsAny<T> extends true ? true : IsSame<T, Form<T, C, MarkA>>;

/** Whether parameters of these types may be passed: they must arrive as they are. */
export type MayPass<A extends unknown[], S extends Setting> = [
  Crosses<A, AsParameter<S>>,
  CrossesUnchanged<A, AsKept<S>>,
] extends [true, true]
  ? true
  : false;

/** What is passed for parameters: themselves, but for functions that the way makes asynchronous. */
export type Passed<A extends unknown[], S extends Setting> =
  Form<A, AsParameter<S>, never> extends infer P extends unknown[] ? (IsSame<P, A> extends true ? A : P) : A;

/** What arrives of a value of type `T`: `T` itself wherever nothing changes. */
export type Crossed<T, C extends Crossing> =
  CrossesUnchanged<T, C> extends true ? T : Form<T, C, CannotCross<'This value cannot cross to another process.'>>;

export type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Whether a value of type `T` arrives as the same type. The check is by structure, so interfaces count like type aliases. */
export type IsProcxiable<T, Mode extends SerializationMode = 'json'> = CrossesUnchanged<
  T,
  With<{ mode: Mode; handles: false }, 'refused'>
>;
