import type { Duplex, Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AnyFunction } from './any-function.js';
import type { SyncCallback } from './callbacks.js';
import type {
  AnyClass,
  AsKept,
  AsParameter,
  AsResult,
  Cloneable,
  Collection,
  Config,
  Crossing,
  Handle,
  HasMethods,
  IsAny,
  IsMoreThanIterator,
  IsSame,
  Iterating,
  MethodName,
  OptionsOf,
  Primitive,
  ProbedMethod,
  Setting,
  SettingOf,
  Streaming,
  Uncloneable,
  With,
} from './crossing.js';
import type { LentMark } from './lent.js';
import type { Identical, Intersection, Overloads, Signature } from './overloads.js';
import type { Pipelined, Pipelines, Unawaited } from './pipelining.js';
import type * as reasons from './reasons.js';
import type { CannotCross, TransferTypes } from './serializable.js';

/**
 * Types of values as they arrive in another process. They share a file because they are mutually recursive: a value may contain a
 * function or an object with methods, which have parameters and results.
 */

/** The type of a value as it arrives. `Mark` replaces parts that cannot cross: see {@link Crosses}. */
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
                : T extends LentMark<infer V>
                  ? LentForm<T, V, C>
                  : ReferenceOrData<T, C, Mark>;

type ReferenceOrData<T, C extends Crossing, Mark> = [C['references'], T] extends [false, unknown]
  ? DataForm<T, C, Mark>
  : HasMethods<T> extends true
    ? T extends Iterating
      ? IsMoreThanIterator<T> extends true
        ? ReferenceForm<T, C, Mark>
        : DataForm<T, C, Mark>
      : ReferenceForm<T, C, Mark>
    : DataForm<T, C, Mark>;

type DataForm<T, C extends Crossing, Mark> = T extends Iterating
  ? C['streams'] extends true
    ? IteratorForm<T, C, Mark>
    : Mark
  : C['mode'] extends 'advanced'
    ? CloneForm<T, C, Mark>
    : JsonForm<T, C, Mark>;

/** The mirror has no references. An object for the child is one of its own references, or an object of functions. */
type ReferenceForm<T, C extends Crossing, Mark> = C['references'] extends 'kept'
  ? T
  : C['streams'] extends false
    ? Mark
    : C['functions'] extends 'parameter'
      ? Remote<T, OptionsOf<C>> | (T extends object ? ObjectForm<T, C, never> : never)
      : Remote<T, OptionsOf<C>>;

/** A lent object keeps its type on the way to the child. From the child, it arrives as a reference. */
type LentForm<T, V, C extends Crossing> = C['functions'] extends 'result' | 'gone' ? Remote<V, OptionsOf<C>> : T;

type FunctionForm<F extends AnyFunction, C extends Crossing, Mark> = C['functions'] extends 'kept'
  ? F
  : C['functions'] extends 'parameter'
    ? ParameterFunction<F, C, Mark>
    : C['functions'] extends 'result'
      ? ResultFunction<F, C, Mark>
      : Mark;

/** The type for a function that the parent passes: its arguments come from the child, and its result goes to the child. */
type ParameterFunction<F extends AnyFunction, C extends Crossing, Mark> = F extends (...args: infer A) => infer R
  ? MayBePlain<R> extends true
    ? (...args: { [K in keyof A]: Form<A[K], With<C, 'result'>, Mark> }) => SettledForm<R, C, Mark>
    : SyncCallback<{ [K in keyof A]: Form<A[K], With<C, 'result'>, Mark> }, Form<R, C, Mark>>
  : never;

/** Whether a plain function may be passed: its declared result must allow the promise that the child gets. */
type MayBePlain<R> = [R] extends [void] ? true : Promise<Awaited<R>> extends R ? true : false;

type SettledForm<R, C extends Crossing, Mark> =
  R extends Promise<infer Value> ? Promise<Form<Value, C, Mark>> : Form<R, C, Mark>;

/** The type for a function that the child passes: calling it is a call to the child. Resolved late, since it may be recursive. */
type ResultFunction<F extends AnyFunction, C extends Crossing, Mark> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Form<A[K], With<C, 'parameter'>, Mark> }) => Pending<Form<Awaited<R>, C, Mark>>
  : never;

/** The return type of a call: a promise of the result. If the result is an iterator, `for await` can also iterate it directly. */
export type Pending<V> = [V] extends [never]
  ? Promise<V>
  : IsAny<V> extends true
    ? Promise<V>
    : [V] extends [AsyncGenerator<infer Y, unknown, never>]
      ? Promise<V> & AsyncIterable<Y>
      : [V] extends [Pipelines<true>]
        ? Promise<V> & Pipelined<V>
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
          : Mark;

/** Bytes cross in every stream, in both modes. */
type ChunkForm<Chunk, C extends Crossing, Mark> = Chunk extends Uint8Array | ArrayBuffer ? Chunk : Form<Chunk, C, Mark>;

/** Promises among the items of an iterator are awaited. */
type ItemForm<Item, C extends Crossing, Mark> = ChunkForm<Awaited<Item>, C, Mark>;

/** Iterators of the child become asynchronous. An iterator of the parent must be asynchronous already. */
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
 * Maps and Sets come first, since they have all methods of the weak collections. The compiler resolves a type that is recursive
 * through a Map or Set too early, so such a type counts as one that cannot cross.
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

/** Arrays and tuples keep their shape, and objects keep their data. If functions cross, an object's methods count as own properties. */
type ObjectForm<T extends object, C extends Crossing, Mark> = T extends readonly unknown[]
  ? ArrayForm<T, C, Mark>
  : keyof T extends never
    ? T
    : KeptKeys<T, C> extends never
      ? Mark
      : { [K in keyof T as K extends KeptKeys<T, C> ? K : never]: Form<T[K], C, Mark> };

/**
 * Arrays are not mapped types: the compiler resolves `X[]` late, while a mapped type would never end for a recursive element. The
 * first condition tells arrays from tuples.
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
 * Whether a value of type `T` can cross at all. The two forms differ only if they contain a mark at any depth. The compiler's
 * comparison, unlike a recursive conditional type, also ends for recursive types.
 */
export type Crosses<T, C extends Crossing> = [Form<T, C, MarkA>] extends [Form<T, C, MarkB>] ? true : false;

/** Whether a value of type `T` arrives as the same type. */
export type CrossesUnchanged<T, C extends Crossing> = IsAny<T> extends true ? true : IsSame<T, Form<T, C, MarkA>>;

/** Whether parameters of these types may be passed: they must arrive unchanged. */
export type MayPass<A extends unknown[], S extends Setting> = [
  Crosses<A, AsParameter<S>>,
  CrossesUnchanged<A, AsKept<S>>,
] extends [true, true]
  ? true
  : false;

/** The types to pass for parameters: the same types, except for functions that become asynchronous. */
export type Passed<A extends unknown[], S extends Setting> =
  Form<A, AsParameter<S>, never> extends infer P extends unknown[] ? (IsSame<P, A> extends true ? A : P) : A;

/** The type of a value of type `T` as it arrives: `T` itself if nothing changes. */
export type Crossed<T, C extends Crossing> =
  CrossesUnchanged<T, C> extends true ? T : Form<T, C, CannotCross<'This value cannot cross to another process.'>>;

/** The names of methods that can be called on a proxy or a reference. */
export type RemoteName<T> = Exclude<MethodName<T>, ProbedMethod | symbol>;

/**
 * An object of type `T` that stays in the child: its methods run there.
 * @typeParam T the object's type
 * @typeParam O the options of the proxy that returned it, or only the serialization mode
 */
export type Remote<T, O extends Config = 'json'> = {
  readonly [K in RemoteName<T>]: RemoteMethod<Extract<T[K], AnyFunction>, T, Remote<T, O>, SettingOf<O>>;
} & Iteration<T, SettingOf<O>> &
  ReferenceControls<T, O>;

/** `for await` works where the object itself can be iterated over. */
type Iteration<T, S extends Setting> = T extends AsyncIterable<infer Item> | Iterable<infer Item>
  ? AsyncIterable<ItemForm<Item, AsResult<S>, CannotCross<'This item cannot cross to another process.'>>>
  : unknown;

/** The members that every reference has. */
export interface ReferenceControls<T, O extends Config = 'json'>
  extends AsyncDisposable, Disposable, Pipelines<O extends { readonly enableReferences: true } ? true : false> {
  /** Reads the current value of a property or getter of the object. */
  $get<K extends Exclude<keyof T, MethodName<T> | symbol>>(name: K): Promise<ReadForm<T[K], AsResult<SettingOf<O>>>>;
  $get(name: string): Promise<unknown>;
  /**
   * Releases the object before the garbage collector does. Calling its methods then throws a {@link TerminatedError}. `using` does
   * the same. Returns whether the object was still held.
   */
  $release(): boolean;
}

type ReadForm<V, C extends Crossing> =
  Crosses<V, C> extends true
    ? Crossed<V, C>
    : CannotCross<'This property cannot cross in the serialization mode of this proxy.'>;

/**
 * The type of an instance's method on the proxy. A method that needs no change keeps its type, including generics. In other
 * methods, generics become their constraints. A method that cannot work is not callable, and its type says why.
 * @typeParam Self the instance's type, @typeParam Proxy what a result of that type becomes
 */
export type RemoteMethod<F extends AnyFunction, Self, Proxy, S extends Setting> =
  PassesThrough<F, S> extends true
    ? F
    : Overloads<F> extends infer All extends Signature[]
      ? RemoteSignatures<All, Self, Proxy, S>
      : never;

/** Whether a method is already asynchronous, and nothing in it would change. */
type PassesThrough<F extends AnyFunction, S extends Setting> =
  Overloads<F> extends [(...args: infer A) => infer R]
    ? [R, S['references']] extends [never, unknown] | [unknown, true]
      ? false
      : R extends Promise<infer Value>
        ? Promise<Value> extends R
          ? [
              MayPass<A, S>,
              IsSame<Passed<A, S>, A>,
              Crosses<Value, AsResult<S>>,
              IsSame<Crossed<Value, AsResult<S>>, Value>,
            ] extends [true, true, true, true]
            ? Pending<Value> extends AsyncIterable<unknown>
              ? false
              : true
            : false
          : false
        : false
    : false;

/** The overloads that can work, in order. If none can, the reason for the last one. */
type RemoteSignatures<All extends Signature[], Self, Proxy, S extends Setting> =
  Callable<All, Self, Proxy, S> extends infer Usable extends Signature[]
    ? Usable extends []
      ? All extends [...Signature[], infer Last extends Signature]
        ? RemoteSignature<Last, Self, Proxy, S>
        : never
      : Intersection<Usable>
    : never;

type Callable<All extends Signature[], Self, Proxy, S extends Setting> = All extends [
  infer First extends Signature,
  ...infer Rest extends Signature[],
]
  ? RemoteSignature<First, Self, Proxy, S> extends infer R extends Signature
    ? [R, ...Callable<Rest, Self, Proxy, S>]
    : Callable<Rest, Self, Proxy, S>
  : [];

type RemoteSignature<F extends Signature, Self, Proxy, S extends Setting> = F extends (...args: infer A) => infer R
  ? MayPass<A, S> extends true
    ? Identical<Awaited<R>, Self> extends true
      ? (...args: Given<Passed<A, S>, S>) => Result<Proxy, S>
      : RemoteResult<Given<Passed<A, S>, S>, R, S>
    : ParameterReason<A, S>
  : never;

type RemoteResult<A extends unknown[], R, S extends Setting> =
  Crosses<Awaited<R>, AsResult<S>> extends true
    ? (...args: A) => Result<Crossed<Awaited<R>, AsResult<S>>, S>
    : ResultReason<Awaited<R>, S>;

/** A result may be passed on before it has arrived, */
type Result<V, S extends Setting> = S['references'] extends true ? Pending<V> & Unawaited<V> : Pending<V>;
/** in place of an argument. */
type Given<A extends unknown[], S extends Setting> = S['references'] extends true
  ? { [K in keyof A]: A[K] | Unawaited<A[K]> }
  : A;

/** With functions enabled, would it cross? */
type Enabled<S extends Setting> = Omit<S, 'callbacks'> & { callbacks: true };
/** If it could stay in the child? */
type Referring<S extends Setting> = Omit<S, 'references'> & { references: true };

type ParameterReason<A extends unknown[], S extends Setting> = reasons.Parameter<
  S,
  MayPass<A, Enabled<S>>,
  Extract<A[number], AnyFunction> extends never ? false : true
>;

type ResultReason<R, S extends Setting> = reasons.Result<
  S,
  Crosses<R, AsResult<Enabled<S>>>,
  Crosses<R, AsResult<Referring<S>>>
>;
