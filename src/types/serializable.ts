import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Jsonifiable } from 'type-fest';

/**
 * How values travel. `'json'`: what JSON can say, faithfully or not at all. `'advanced'`: V8's structured clone, with Map,
 * Set, Date, RegExp, BigInt, binary data, cycles and shared references.
 */
export type SerializationMode = 'json' | 'advanced';

/** What can cross besides data, and how: worked out from a proxy's options. */
export interface Crossing {
  mode: SerializationMode;
  handles: boolean;
}

/**
 * What stands in a type where a value cannot cross to another process. It is nobody's type: a method with such a
 * parameter or result is not callable, and the compiler shows `Reason`.
 */
export interface CannotCross<Reason extends string> {
  readonly __procxy_cannot_cross: Reason;
}

/**
 * Classes of your own that a registered transfer handler carries. Add yours, under any name:
 * `declare module 'procxy' { interface TransferTypes { money: Money } }`
 */
export interface TransferTypes {}

/** What moves to another process instead of being copied. A number is a file descriptor. */
export type PassableHandle = Socket | Server | DatagramSocket | number;

/** What structured clone carries. Interfaces are data too, but match no index signature: use {@link IsProcxiable} for those. */
export type V8Serializable =
  | Jsonifiable
  | undefined
  | bigint
  | Date
  | RegExp
  | Error
  | ArrayBuffer
  | ArrayBufferView
  | Map<V8Serializable, V8Serializable>
  | Set<V8Serializable>
  | V8Serializable[]
  | { [key: string]: V8Serializable };

/** What can cross in a mode. */
export type Procxiable<Mode extends SerializationMode = 'json'> = Mode extends 'advanced'
  ? V8Serializable
  : Jsonifiable;

/** Whether a value of type `T` arrives as the same type. The check is by structure, so interfaces count like type aliases. */
export type IsProcxiable<T, Mode extends SerializationMode = 'json'> = CrossesUnchanged<
  T,
  { mode: Mode; handles: false }
>;

type Primitive = string | number | boolean | null | undefined | void;

type AnyFunction = (...args: never[]) => unknown;

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

type IsAny<T> = 0 extends 1 & T ? true : false;

/** What arrives of a value. `Mark` stands where one cannot cross: see {@link Crosses}. */
type Form<T, C extends Crossing, Mark> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : T extends Primitive | Error | TransferTypes[keyof TransferTypes]
        ? T
        : T extends symbol | AnyFunction
          ? Mark
          : T extends Handle
            ? C['handles'] extends true
              ? T
              : Mark
            : C['mode'] extends 'advanced'
              ? CloneForm<T, C, Mark>
              : JsonForm<T, C, Mark>;

type JsonForm<T, C extends Crossing, Mark> = T extends bigint | Uncloneable | Collection | Exclude<Cloneable, Date>
  ? Mark
  : T extends { toJSON(...args: never[]): infer Own }
    ? Form<Own, C, Mark>
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

/** Arrays and tuples keep their shape; an object keeps its data. Methods of its prototype stay behind. */
type ObjectForm<T extends object, C extends Crossing, Mark> = T extends readonly unknown[]
  ? ArrayForm<T, C, Mark>
  : keyof T extends never
    ? T
    : DataKeys<T> extends never
      ? Mark
      : { [K in keyof T as K extends DataKeys<T> ? K : never]: Form<T[K], C, Mark> };

/**
 * An array, told from a tuple by what it takes, is written out: the compiler resolves that late, where a mapped type
 * would never end for a recursive element.
 */
type ArrayForm<T extends readonly unknown[], C extends Crossing, Mark> = T[number][] extends T
  ? T extends unknown[]
    ? Form<T[number], C, Mark>[]
    : readonly Form<T[number], C, Mark>[]
  : { [K in keyof T]: Form<T[K], C, Mark> };

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

/** Whether a value of type `T` arrives as the same type: what a parameter must. */
export type CrossesUnchanged<T, C extends Crossing> =
  IsAny<T> extends true
    ? true
    : [T] extends [Form<T, C, MarkA>]
      ? [Form<T, C, MarkA>] extends [T]
        ? true
        : false
      : false;

/** What arrives of a value of type `T`: `T` itself wherever nothing changes. */
export type Crossed<T, C extends Crossing> =
  CrossesUnchanged<T, C> extends true ? T : Form<T, C, CannotCross<'This value cannot cross to another process.'>>;
