/** How values travel. `'json'`: what JSON can say, faithfully or not at all. */
export type SerializationMode = 'json';

/**
 * What stands in a type where a value cannot cross to another process. It is nobody's type: a method with such a
 * parameter or result is not callable, and the compiler shows `Reason`.
 */
export interface CannotCross<Reason extends string> {
  readonly __procxy_cannot_cross: Reason;
}

type Primitive = string | number | boolean | null | undefined | void;

type AnyFunction = (...args: never[]) => unknown;

/** Objects whose content is not in their properties: JSON would make `{}` or something else of them. */
type Opaque =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<never, unknown>
  | WeakSet<never>
  | WeakRef<never>
  | PromiseLike<unknown>
  | RegExp
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Iterator<unknown>
  | AsyncIterable<unknown>;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** `Mark` stands where a value cannot cross: see {@link Crosses}. */
type JsonForm<T, Mark> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : T extends Primitive
        ? T
        : T extends bigint | symbol | AnyFunction | Opaque
          ? Mark
          : T extends Error
            ? T
            : T extends { toJSON(...args: never[]): infer Own }
              ? JsonForm<Own, Mark>
              : T extends object
                ? JsonObject<T, Mark>
                : Mark;

/** Arrays and tuples keep their shape; an object keeps its data. Methods of its prototype stay behind. */
type JsonObject<T extends object, Mark> = T extends readonly unknown[]
  ? JsonArray<T, Mark>
  : keyof T extends never
    ? T
    : DataKeys<T> extends never
      ? Mark
      : { [K in keyof T as K extends DataKeys<T> ? K : never]: JsonForm<T[K], Mark> };

/**
 * An array, told from a tuple by what it takes, is written out: the compiler resolves that late, where a mapped type
 * would never end for a recursive element.
 */
type JsonArray<T extends readonly unknown[], Mark> = T[number][] extends T
  ? T extends unknown[]
    ? JsonForm<T[number], Mark>[]
    : readonly JsonForm<T[number], Mark>[]
  : { [K in keyof T]: JsonForm<T[K], Mark> };

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
export type Crosses<T> = [JsonForm<T, MarkA>] extends [JsonForm<T, MarkB>] ? true : false;

/** Whether a value of type `T` arrives as the same type: what a parameter must. */
export type CrossesUnchanged<T> =
  IsAny<T> extends true
    ? true
    : [T] extends [JsonForm<T, MarkA>]
      ? [JsonForm<T, MarkA>] extends [T]
        ? true
        : false
      : false;

/** What arrives of a value of type `T`. */
export type Crossed<T> = JsonForm<T, CannotCross<'This value cannot be expressed in JSON.'>>;
