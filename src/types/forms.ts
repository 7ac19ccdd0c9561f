/*
 * Types of values as they arrive in another process.
 *
 * This file is longer than most, because its types are mutually recursive: a value may contain a function, which has parameters and
 * a result.
 */
import type { AnyFunction } from './any-function.js';
import type { SyncCallback } from './callbacks.js';
import type {
  AnyClass,
  AsItself,
  AsParameter,
  AsResult,
  Bytes,
  Cloneable,
  Collection,
  Config,
  Crossing,
  Handle,
  IsAny,
  IsMethod,
  IsReference,
  Iterating,
  KeptKeys,
  OptionsOf,
  Primitive,
  RemoteKey,
  Setting,
  SettingOf,
  Streaming,
  Uncloneable,
  With,
} from './crossing.js';
import type { ListenerMembers } from './emitters.js';
import type { LentMark } from './lent.js';
import type { Identical, Overloads, Signature, Usable } from './overloads.js';
import type { ParameterPlace, ParameterReason, Place, PropertyReason, ResultReason } from './reasons.js';
import type { CannotCross, Mark } from './serializable.js';
import type { Pipelines } from './pipelining.js';
import type { ReferenceControls } from './reference-controls.js';
import type { Answer, Given, Instance, IsSelf, Pending, Settled, Unchanged } from './results.js';
import type { MayBePlain, Refused } from './steps.js';
import type { ChunkOf, IteratorWith, PartsOf, StreamWith } from './streaming.js';
import type { VerdictOf, VerdictOfAll } from './verdict.js';

/** The type of a value as it arrives. */
type Form<T, C extends Crossing> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : T extends AsItself
        ? T
        : T extends symbol | AnyClass
          ? Mark
          : T extends AnyFunction
            ? FunctionForm<T, C>
            : T extends Handle
              ? C['handles'] extends true
                ? T
                : Mark
              : T extends Streaming
                ? C['streams'] extends true
                  ? StreamForm<T, C>
                  : Mark
                : T extends LentMark<infer V>
                  ? LentForm<T, V, C>
                  : ReferenceOrData<T, C>;

type ReferenceOrData<T, C extends Crossing> = [C['references'], T] extends [false, unknown]
  ? DataForm<T, C>
  : IsReference<T> extends true
    ? ReferenceForm<T, C>
    : DataForm<T, C>;

type DataForm<T, C extends Crossing> = T extends Iterating
  ? C['streams'] extends true
    ? IteratorForm<T, C>
    : Mark
  : C['mode'] extends 'advanced'
    ? CloneForm<T, C>
    : JsonForm<T, C>;

/** The mirror has no references. An object for the child is one of its own references, or an object of functions. */
type ReferenceForm<T, C extends Crossing> = C['streams'] extends false
  ? Mark
  : C['functions'] extends 'parameter'
    ? Remote<T, OptionsOf<C>> | (T extends object ? ObjectForm<T, C> : never)
    : Remote<T, OptionsOf<C>>;

/** A lent object keeps its type on the way to the child. From the child, it arrives as a reference. */
type LentForm<T, V, C extends Crossing> = C['functions'] extends 'result' | 'gone' ? Remote<V, OptionsOf<C>> : T;

type FunctionForm<F extends AnyFunction, C extends Crossing> = C['functions'] extends 'parameter'
  ? ParameterFunction<F, C>
  : C['functions'] extends 'result'
    ? ResultFunction<F, C>
    : Mark;

/** The type for a function that the parent passes: its arguments come from the child, and its result goes to the child. */
type ParameterFunction<F extends AnyFunction, C extends Crossing> = F extends (...args: infer A) => infer R
  ? MayBePlain<R> extends true
    ? (...args: { [K in keyof A]: Form<A[K], With<C, 'result'>> }) => SettledForm<R, C>
    : SyncCallback<{ [K in keyof A]: Form<A[K], With<C, 'result'>> }, Form<R, C>>
  : never;

type SettledForm<R, C extends Crossing> = R extends Promise<infer Value> ? Promise<Form<Value, C>> : Form<R, C>;

/** The type for a function that the child passes: calling it is a call to the child. Resolved late, since it may be recursive. */
type ResultFunction<F extends AnyFunction, C extends Crossing> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Form<A[K], With<C, 'parameter'>> }) => Pending<Form<Awaited<R>, C>>
  : never;

type StreamForm<T, C extends Crossing> = StreamWith<T, ChunkForm<ChunkOf<T>, C>>;

/** Bytes cross in every stream, in both modes. */
type ChunkForm<Chunk, C extends Crossing> = Chunk extends Bytes ? Chunk : Form<Chunk, C>;

/** Promises among the items of an iterator are awaited. */
type ItemForm<Item, C extends Crossing> = ChunkForm<Awaited<Item>, C>;

/** Iterators of the child become asynchronous. An iterator of the parent must be asynchronous already. */
type IteratorForm<T, C extends Crossing> =
  PartsOf<T> extends [infer Y, infer R, infer N]
    ? C['functions'] extends 'result' | 'gone'
      ? AsyncGenerator<ItemForm<Y, C>, ItemForm<R, C>, N>
      : IteratorWith<T, ChunkForm<Y, C>, ChunkForm<R, C>>
    : Mark;

type JsonForm<T, C extends Crossing> = T extends bigint | Uncloneable | Collection | Exclude<Cloneable, Date>
  ? Mark
  : T extends { toJSON(...args: never[]): infer Own }
    ? C['functions'] extends 'result' | 'gone'
      ? Form<Own, C>
      : Mark
    : T extends object
      ? ObjectForm<T, C>
      : Mark;

/**
 * Maps and Sets come first, since they have all methods of the weak collections. The compiler resolves a type that is recursive
 * through a Map or Set too early, so such a type counts as one that cannot cross.
 */
type CloneForm<T, C extends Crossing> = T extends bigint | Cloneable
  ? T
  : T extends Map<infer K, infer V>
    ? Map<Form<K, C>, Form<V, C>>
    : T extends Set<infer M>
      ? Set<Form<M, C>>
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<Form<K, C>, Form<V, C>>
        : T extends ReadonlySet<infer M>
          ? ReadonlySet<Form<M, C>>
          : T extends Uncloneable
            ? Mark
            : T extends object
              ? ObjectForm<T, C>
              : Mark;

/**
 * Arrays and tuples keep their shape, and objects keep their data. If functions cross, an object's methods count as own properties.
 * @typeParam Kept the keys that stay, of which the compiler is asked once
 */
type ObjectForm<T extends object, C extends Crossing, Kept = KeptKeys<T, C>> = T extends readonly unknown[]
  ? ArrayForm<T, C>
  : keyof T extends never
    ? T
    : [Kept] extends [never]
      ? Mark
      : { [K in keyof T as K & Kept]: Form<T[K], C> };

/**
 * Arrays are not mapped types: the compiler resolves `X[]` late, while a mapped type would never end for a recursive element. The
 * first condition tells arrays from tuples.
 */
type ArrayForm<T extends readonly unknown[], C extends Crossing> = T[number][] extends T
  ? T extends unknown[]
    ? Form<T[number], C>[]
    : readonly Form<T[number], C>[]
  : { [K in keyof T]: Form<T[K], C> };

/** A property as it is read here. */
export type Property<V, C extends Crossing> =
  VerdictOf<V, C> extends infer Verdict
    ? [Verdict] extends [never]
      ? V
      : Refused extends Verdict
        ? CannotCross<PropertyReason, Place<V, C, ''>>
        : Form<V, C>
    : never;

/** The properties and getters that `$get()` knows. */
export type Readings<T, S extends Setting> = {
  readonly [K in keyof T as K extends symbol ? never : IsMethod<T[K]> extends true ? never : K]-?: Property<
    T[K],
    AsResult<S>
  >;
};

/**
 * An object of type `T` that stays in the child: its methods run there.
 * @typeParam T the object's type
 * @typeParam O the options of the proxy that returned it: only those that decide on types matter. By default, only
 *   `enableReferences`
 * @example
 * ```ts
 * async function titles(statement: Remote<Statement>): Promise<unknown[]> {
 *   return statement.all();
 * }
 * ```
 */
export type Remote<T, O extends Config = { readonly enableReferences: true }> = RemoteView<T, SettingOf<O>>;

type RemoteView<T, S extends Setting> = {
  readonly [K in keyof T as RemoteKey<T, K, S>]: RemoteMethod<T[K], RemoteInstance<T, S>, S>;
} & {
  /** Reads the current value of a property or getter of the object. */
  $get<K extends keyof Readings<T, S>>(name: K): Promise<Readings<T, S>[K]>;
} & ListenerMembers<T> &
  Iteration<T, S> &
  ReferenceControls &
  Pipelines<S['references']>;

interface RemoteInstance<T, S extends Setting> extends Instance<T> {
  readonly proxy: RemoteView<T, S>;
}

/** `for await` works where the object itself can be iterated over. */
export type Iteration<T, S extends Setting> = T extends AsyncIterable<infer Item> | Iterable<infer Item>
  ? AsyncIterable<ItemForm<Item, AsResult<S>>>
  : unknown;

/**
 * The type of an instance's method on the proxy. A method that needs no change keeps its type, including generics. In other
 * methods, generics become their constraints. A method that cannot work is not callable, and its type says why.
 * @typeParam F the method, or `undefined`
 */
export type RemoteMethod<F, I extends Instance, S extends Setting> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
}
  ? // Most have a single signature, which the compiler finds twice.
    Identical<[A1, R1], [A2, R2]> extends true
    ? RemoteSignature<F, A2, R2, I, S>
    : Overloads<F> extends infer All extends Signature[]
      ? Usable<{ [N in keyof All]: RemoteOverload<All[N], I, S> }>
      : never
  : F;

type RemoteOverload<F, I extends Instance, S extends Setting> = F extends (...args: infer A) => infer R
  ? RemoteSignature<F, A, R, I, S>
  : never;

/** @typeParam A the parameters of `F`, @typeParam R its result */
type RemoteSignature<F, A extends unknown[], R, I extends Instance, S extends Setting> =
  VerdictOfAll<A, AsParameter<S>> extends infer V
    ? [V] extends [never]
      ? RemoteResult<S['references'] extends true ? never : F, Given<A, S>, R, I, S>
      : Refused extends V
        ? CannotCross<ParameterReason<A, S>, ParameterPlace<A, AsParameter<S>>>
        : Form<A, AsParameter<S>> extends infer P extends unknown[]
          ? RemoteResult<never, Given<P, S>, R, I, S>
          : never
    : never;

/** @typeParam F the signature itself where it may stay as it is */
type RemoteResult<F, A extends unknown[], R, I extends Instance, S extends Setting> =
  Settled<R> extends infer Value
    ? [Value] extends [Primitive]
      ? Unchanged<F, A, R, Value, S>
      : IsSelf<Value, I['self']> extends true
        ? (...args: A) => S['references'] extends true ? Answer<I['proxy'], S> : Promise<I['proxy']>
        : VerdictOf<Value, AsResult<S>> extends infer V
          ? [V] extends [never]
            ? Unchanged<F, A, R, Value, S>
            : Refused extends V
              ? CannotCross<ResultReason<Value, S>, Place<Value, AsResult<S>, 'result'>>
              : (...args: A) => Answer<Form<Value, AsResult<S>>, S>
          : never
    : never;
