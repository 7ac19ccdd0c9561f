import type { Duplex, Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { Jsonifiable } from 'type-fest';
import type { AnyFunction } from './any-function.js';
import type {
  AnyClass,
  AsItself,
  Bytes,
  Cloneable,
  Collection,
  Crossing,
  DataKeys,
  Handle,
  IsReference,
  Iterating,
  Special,
  Streaming,
  Uncloneable,
} from './crossing.js';
import type { LentMark } from './lent.js';
import type { PartsOf } from './streaming.js';

/**
 * What one level of a type has: verdicts, and the members that make the next. Each type of a level is looked at apart, the cheapest
 * question first. The compiler remembers the answer for each object type.
 */

declare const refused: unique symbol;
declare const altered: unique symbol;

/** A value of this type cannot cross. */
export type Refused = typeof refused;

/** It can, but arrives as another type. To the child only functions may: everything else is refused there. */
export type Altered = typeof altered;

/** What `Crossing['functions']` says on the way to the child. */
export type ToChild = 'refused' | 'parameter';

export type Step<T, C extends Crossing> = C['functions'] extends ToChild ? StepTo<T, C> : StepFrom<T, C>;

export type StepTo<T, C extends Crossing> = T extends AsItself
  ? never
  : T extends readonly unknown[]
    ? ArrayTo<T, C>
    : T extends Special
      ? SpecialTo<T, C>
      : ObjectTo<T, C>;

export type StepFrom<T, C extends Crossing> = T extends AsItself
  ? never
  : T extends readonly unknown[]
    ? ArrayFrom<T, C>
    : T extends Special
      ? SpecialFrom<T, C>
      : ObjectFrom<T, C>;

/** A tuple that is spread keeps its shape, and loses members of its own. */
type ArrayTo<T extends readonly unknown[], C extends Crossing> = [...T] extends T
  ? Known<T[number]>
  : T extends Special
    ? SpecialTo<T, C>
    : Refused | Known<T[number]>;

type ArrayFrom<T extends readonly unknown[], C extends Crossing> = [...T] extends T
  ? Known<T[number]>
  : T extends Special
    ? SpecialFrom<T, C>
    : Altered | Known<T[number]>;

/** @typeParam M the members, of which the compiler is asked once */
type ObjectTo<T, C extends Crossing, M = T[keyof T]> = [M] extends [AsItself]
  ? Must<IsOpen<T>, Refused>
  : Stays<T, C> extends true
    ? Altered
    : Must<IsOpen<T>, Refused> | (unknown extends M ? Members<T, keyof T> : M);

type ObjectFrom<T, C extends Crossing, M = T[keyof T]> = [M] extends [AsItself]
  ? Must<IsOpen<T>, Altered>
  : [unknown extends M ? Exclude<keyof T, DataKeys<T> | symbol> : Extract<M, AnyFunction>] extends [never]
    ? OpenFrom<T, M>
    : Stays<T, C> extends true
      ? ReferenceFrom<C>
      : C['functions'] extends 'gone'
        ? LeftFrom<T>
        : OpenFrom<T, M>;

type OpenFrom<T, M> =
  IsOpen<T> extends true
    ? unknown extends M
      ? Members<T, keyof T>
      : M
    : Altered | Members<T, Exclude<keyof T, symbol>>;

/** What is left of an object whose functions stay behind. */
type LeftFrom<T> = [DataKeys<T>] extends [never] ? Refused : Altered | Members<T, DataKeys<T>>;

/**
 * Whether an object has nothing but public members that are named by strings. A class's private members are missing in the mapped
 * type, whose properties could be those of any class.
 */
type IsOpen<T> = keyof T extends string | number ? ({ [K in keyof T]: never } extends T ? true : false) : false;

/** `unknown` and `any` may be anything, which the run time checks. In a union they would hide the rest. */
export type Known<T> = unknown extends T ? never : T;

type Members<T, K extends keyof T> = unknown extends T[K] ? { [P in K]: Known<T[P]> }[K] : T[K];

type Must<Holds, Else> = Holds extends true ? never : Else;

/** A member that goes the other way: an argument of a function. A function itself, so that it is found where functions are. */
type Back<T> = (way: typeof refused, member: T) => typeof refused;

type Turned<T> = T extends Refused | Altered ? T : T extends Back<infer V> ? V : Back<T>;

type SpecialTo<T, C extends Crossing> = T extends symbol | AnyClass
  ? Kept<T>
  : T extends AnyFunction
    ? C['functions'] extends 'parameter' | 'result'
      ? T extends Back<infer V>
        ? Turned<StepFrom<V, C>>
        : FunctionTo<T>
      : Refused
    : T extends Handle
      ? Must<C['handles'], Refused>
      : T extends Streaming
        ? StreamOf<T, Refused>
        : T extends LentMark<unknown>
          ? never
          : Stays<T, C> extends true
            ? Altered
            : T extends Iterating
              ? IteratorTo<T>
              : C['mode'] extends 'advanced'
                ? CloneOf<T, Refused, Must<IsOpen<T>, Refused> | Members<T, keyof T>>
                : Must<IsJsonifiable<T>, Refused>;

type SpecialFrom<T, C extends Crossing> = T extends symbol | AnyClass
  ? Kept<T>
  : T extends AnyFunction
    ? C['functions'] extends 'parameter' | 'result'
      ? T extends Back<infer V>
        ? Turned<StepTo<V, C>>
        : FunctionFrom<T>
      : Refused
    : T extends Handle
      ? Must<C['handles'], Refused>
      : T extends Streaming
        ? C['streams'] extends true
          ? StreamOf<T, Altered>
          : Refused
        : T extends LentMark<unknown>
          ? Altered
          : Stays<T, C> extends true
            ? ReferenceFrom<C>
            : T extends Iterating
              ? C['streams'] extends true
                ? IteratorFrom<T>
                : Refused
              : C['mode'] extends 'advanced'
                ? CloneOf<T, Altered, ObjectFrom<T, C>>
                : JsonFrom<T>;

/** A verdict, which stands among the types of the next level, stays one. */
type Kept<T> = T extends Altered ? Altered : Refused;

/** Whether the object stays where it is, and a reference crosses. */
type Stays<T, C extends Crossing> = C['references'] extends true ? IsReference<T> : false;

/** The mirror holds no references. */
type ReferenceFrom<C extends Crossing> = C['streams'] extends true ? Altered : Refused;

type JsonFrom<T> = T extends bigint | Uncloneable | Collection | Exclude<Cloneable, Date>
  ? Refused
  : T extends { toJSON(...args: never[]): infer Own }
    ? IsJsonifiable<T> extends true
      ? never
      : Altered | Known<Own>
    : Refused;

/** One of the members of `Jsonifiable`, which has all that its `toJSON()` may give. */
type IsJsonifiable<T> = T extends { toJSON: () => infer Own } ? (Jsonifiable extends Own ? true : false) : false;

/** @typeParam Subclass what becomes of a value of a derived class */
type CloneOf<T, Subclass, Otherwise> = T extends bigint | Cloneable
  ? never
  : T extends Map<infer K, infer V>
    ? Must<Map<K, V> extends T ? true : false, Subclass> | Known<K> | Known<V>
    : T extends Set<infer M>
      ? Must<Set<M> extends T ? true : false, Subclass> | Known<M>
      : T extends ReadonlyMap<infer K, infer V>
        ? Must<ReadonlyMap<K, V> extends T ? true : false, Subclass> | Known<K> | Known<V>
        : T extends ReadonlySet<infer M>
          ? Must<ReadonlySet<M> extends T ? true : false, Subclass> | Known<M>
          : T extends Uncloneable
            ? Refused
            : IsJsonifiable<T> extends true
              ? never
              : Otherwise;

/** A function that the parent gives: the child gets a promise, which may be what the type says. */
type FunctionTo<F extends AnyFunction> = F extends (...args: infer A) => infer R
  ? Back<Elements<A>> | Known<R extends Promise<infer V> ? V : R> | Must<MayBePlain<R>, Altered>
  : never;

/** Whether a plain function may be passed: its declared result must allow the promise that the child gets. */
export type MayBePlain<R> = [R] extends [void] ? true : Promise<Awaited<R>> extends R ? true : false;

type FunctionFrom<F extends AnyFunction> = F extends (...args: infer A) => infer R
  ? Back<Elements<A>> | Known<Awaited<R>> | Altered
  : never;

export type Elements<A extends readonly unknown[]> = unknown extends A[number]
  ? { [K in keyof A]: Known<A[K]> }[number]
  : A[number];

/** @typeParam Else what becomes of a stream of a derived class */
type StreamOf<T, Else> =
  T extends ReadableStream<infer Chunk>
    ? Must<ReadableStream<Chunk> extends T ? true : false, Else> | Items<Chunk>
    : T extends WritableStream<infer Chunk>
      ? Must<WritableStream<Chunk> extends T ? true : false, Else> | Items<Chunk>
      : Must<Duplex extends T ? true : Readable extends T ? true : Writable extends T ? true : false, Else>;

type IteratorTo<T> =
  T extends AsyncGenerator<infer Y, infer R, infer N>
    ? Must<AsyncGenerator<Y, R, N> extends T ? true : false, Refused> | Items<Y> | Items<R>
    : T extends AsyncIterableIterator<infer Y>
      ? Must<AsyncIterableIterator<Y> extends T ? true : false, Refused> | Items<Y>
      : T extends AsyncIterable<infer Y>
        ? Must<AsyncIterable<Y> extends T ? true : false, Refused> | Items<Y>
        : Refused;

/** The child's iterators become asynchronous. */
type IteratorFrom<T> =
  T extends AsyncGenerator<infer Y, infer R, infer N>
    ? Must<AsyncGenerator<Awaited<Y>, Awaited<R>, N> extends T ? true : false, Altered> | Items<Y> | Items<R>
    : PartsOf<T> extends [infer Y, infer R, unknown]
      ? Altered | Items<Y> | Items<R>
      : Refused;

/** Bytes cross in every stream, in both modes. Promises among the items of an iterator are awaited. */
type Items<T> = unknown extends T ? never : Awaited<T> extends Bytes ? never : Exclude<Awaited<T>, Bytes>;
