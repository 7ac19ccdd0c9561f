import type { CannotCross, Crossed, Crosses, CrossesUnchanged, Crossing } from './serializable.js';

type AnyFunction = (...args: never[]) => unknown;
type Signature = (...args: never[]) => unknown;

/**
 * A method of an instance as it stands on the proxy. One that needs no change passes through whole, generics included;
 * in others generics become their constraints. One that cannot work is not callable, and its type says why.
 * @typeParam Self the instance's type, @typeParam Proxy what a result of that type becomes
 */
export type RemoteMethod<F extends AnyFunction, Self, Proxy, C extends Crossing> =
  PassesThrough<F, C> extends true
    ? F
    : Overloads<F> extends infer S extends Signature[]
      ? RemoteSignatures<S, Self, Proxy, C>
      : never;

/** Already asynchronous, with nothing that the way would change. */
type PassesThrough<F extends AnyFunction, C extends Crossing> =
  Overloads<F> extends [(...args: infer A) => infer R]
    ? [R] extends [never]
      ? false
      : R extends Promise<infer Value>
        ? Promise<Value> extends R
          ? [CrossesUnchanged<A, C>, Crosses<Value, C>, Same<Crossed<Value, C>, Value>] extends [true, true, true]
            ? true
            : false
          : false
        : false
    : false;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Those overloads that can work, in their order; the reason of the last where none can. */
type RemoteSignatures<S extends Signature[], Self, Proxy, C extends Crossing> =
  Callable<S, Self, Proxy, C> extends infer Usable extends Signature[]
    ? Usable extends []
      ? S extends [...Signature[], infer Last extends Signature]
        ? RemoteSignature<Last, Self, Proxy, C>
        : never
      : Intersection<Usable>
    : never;

type Callable<S extends Signature[], Self, Proxy, C extends Crossing> = S extends [
  infer First extends Signature,
  ...infer Rest extends Signature[],
]
  ? RemoteSignature<First, Self, Proxy, C> extends infer R extends Signature
    ? [R, ...Callable<Rest, Self, Proxy, C>]
    : Callable<Rest, Self, Proxy, C>
  : [];

type Intersection<S extends Signature[]> = S extends [infer First extends Signature, ...infer Rest extends Signature[]]
  ? Rest extends []
    ? First
    : First & Intersection<Rest>
  : never;

type RemoteSignature<F extends Signature, Self, Proxy, C extends Crossing> = F extends (...args: infer A) => infer R
  ? CrossesUnchanged<A, C> extends true
    ? Identical<Awaited<R>, Self> extends true
      ? (...args: A) => Promise<Proxy>
      : RemoteResult<A, Awaited<R>, C>
    : HasFunction<A> extends true
      ? CannotCross<'A parameter of this method is a function, and functions cannot cross to another process.'>
      : C['mode'] extends 'json'
        ? CannotCross<"A parameter of this method is not what JSON leaves of it. Use { serialization: 'advanced' }, or take plain data: a Date as a string, a Map as its entries, a Buffer as base64.">
        : CannotCross<'A parameter of this method cannot be cloned: it holds functions, methods, private fields, streams or the like. Take plain data, or register a transfer handler for its class.'>
  : never;

type RemoteResult<A extends unknown[], R, C extends Crossing> =
  Crosses<R, C> extends true
    ? (...args: A) => Promise<Crossed<R, C>>
    : C['mode'] extends 'json'
      ? CannotCross<"The result of this method cannot be expressed in JSON. Use { serialization: 'advanced' }, or return plain data: a Map as its entries, a Buffer as base64, a bigint as a string.">
      : CannotCross<'The result of this method cannot be cloned: it holds functions, streams or the like. Return plain data, or register a transfer handler for its class.'>;

type HasFunction<A extends unknown[]> = Extract<A[number], AnyFunction> extends never ? false : true;

/**
 * The overloads of a function, in their order, up to eight. The compiler matches a function with fewer by repeating the first.
 */
type Overloads<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
  (...args: infer A7): infer R7;
  (...args: infer A8): infer R8;
}
  ? WithoutRepeats<
      [
        (...args: A1) => R1,
        (...args: A2) => R2,
        (...args: A3) => R3,
        (...args: A4) => R4,
        (...args: A5) => R5,
        (...args: A6) => R6,
        (...args: A7) => R7,
        (...args: A8) => R8,
      ]
    >
  : never;

type WithoutRepeats<S extends Signature[]> = S extends [
  infer First extends Signature,
  infer Second extends Signature,
  ...infer Rest extends Signature[],
]
  ? Identical<First, Second> extends true
    ? WithoutRepeats<[Second, ...Rest]>
    : [First, ...WithoutRepeats<[Second, ...Rest]>]
  : S;

type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
