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

/**
 * Whether the values of a type can cross, and whether they arrive as the same type. It decides without building the type that
 * arrives, which is dear: it walks over the type level by level. A level is the union of the types of all members of the level before, so
 * that the compiler looks at each type once, however many members have it, and a recursive type ends.
 *
 *     { id: number; rows: Row[] }   →   number | Row[]   →   Row   →   string | Date   →   Refused
 */

declare const refused: unique symbol;
declare const altered: unique symbol;

/** A value of this type cannot cross. */
export type Refused = typeof refused;

/** It can, but arrives as another type. To the child only functions may: everything else is refused there. */
export type Altered = typeof altered;

type Verdict = Refused | Altered;

/** A member that goes the other way: an argument of a function. A function itself, so that it is found where functions are. */
type Back<T> = (way: typeof refused, member: T) => typeof refused;

/** How many levels are looked at. Everything that lies deeper is taken to cross as it is. */
type Levels = [0, 0, 0, 0, 0, 0, 0, 0];

/** What becomes of a value on the way that `C` says: `never` where nothing changes. */
export type VerdictOf<T, C extends Crossing> = [T] extends [AsItself] ? never : Walk<Known<T>, C, Levels>;

/** The same for the parameters of a function, some of which may be `unknown`. */
export type VerdictOfAll<A extends readonly unknown[], C extends Crossing> = [A[number]] extends [AsItself]
  ? never
  : Walk<Elements<A>, C, Levels>;

/** @typeParam T the types of a level, and the verdicts so far */
type Walk<T, C extends Crossing, Left> = [T] extends [Verdict]
  ? T
  : Left extends [0, ...infer Rest]
    ? Walk<Step<T, C>, C, Rest>
    : Extract<T, Verdict>;

type Turned<T> = T extends Verdict ? T : T extends Back<infer V> ? V : Back<T>;

/** `unknown` and `any` may be anything, which the run time checks. In a union they would hide the rest. */
type Known<T> = unknown extends T ? never : T;

type Elements<A extends readonly unknown[]> = unknown extends A[number]
  ? { [K in keyof A]: Known<A[K]> }[number]
  : A[number];

type Members<T, K extends keyof T> = unknown extends T[K] ? { [P in K]: Known<T[P]> }[K] : T[K];

/** Whether an object has nothing but public members that are named by strings. */
type IsOpen<T> = keyof T extends string | number ? ({ [K in keyof T]: T[K] } extends T ? true : false) : false;

/** An array, or a tuple, without members of its own. */
type IsPlainArray<T extends readonly unknown[]> = T[number][] extends T
  ? true
  : [Exclude<keyof T, keyof (readonly never[]) | keyof never[] | `${number}`>] extends [never]
    ? true
    : false;

type Must<Holds, Else> = Holds extends true ? never : Else;

type StepTo<T, C extends Crossing> = T extends AsItself
  ? never
  : T extends Special
    ? SpecialTo<T, C>
    : T extends readonly unknown[]
      ? Must<IsPlainArray<T>, Refused> | Known<T[number]>
      : Stays<T, C> extends true
        ? Altered
        : Must<IsOpen<T>, Refused> | Members<T, keyof T>;

type StepFrom<T, C extends Crossing> = T extends AsItself
  ? never
  : T extends Special
    ? SpecialFrom<T, C>
    : T extends readonly unknown[]
      ? Must<IsPlainArray<T>, Altered> | Known<T[number]>
      : Stays<T, C> extends true
        ? ReferenceFrom<C>
        : DataFrom<T, C>;

/** Without functions, those of an object stay behind. */
type DataFrom<T, C extends Crossing> = [T[keyof T]] extends [AsItself]
  ? Must<IsOpen<T>, Altered>
  : [C['functions'], HasFunction<T>] extends ['gone', true]
    ? [DataKeys<T>] extends [never]
      ? Refused
      : Altered | Members<T, DataKeys<T>>
    : IsOpen<T> extends true
      ? Members<T, keyof T>
      : Altered | Members<T, Exclude<keyof T, symbol>>;

type HasFunction<T> = unknown extends T[keyof T]
  ? [Exclude<keyof T, DataKeys<T> | symbol>] extends [never]
    ? false
    : true
  : [Extract<T[keyof T], AnyFunction>] extends [never]
    ? false
    : true;

/** What one level of a type has: verdicts, and the members that make the next. */
export type Step<T, C extends Crossing> = C['functions'] extends 'refused' | 'parameter'
  ? StepTo<T, C>
  : StepFrom<T, C>;

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
                ? CloneOf<T, Altered, DataFrom<T, C>>
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
    : T extends Generator<infer Y, infer R, unknown>
      ? Altered | Items<Y> | Items<R>
      : T extends AsyncIterable<infer Y>
        ? Altered | Items<Y>
        : T extends Iterator<infer Y, infer R, unknown> & Iterable<unknown>
          ? Altered | Items<Y> | Items<R>
          : Refused;

/** Bytes cross in every stream, in both modes. Promises among the items of an iterator are awaited. */
type Items<T> = unknown extends T ? never : Awaited<T> extends Bytes ? never : Exclude<Awaited<T>, Bytes>;
