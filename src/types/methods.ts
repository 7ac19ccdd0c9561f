import type { AnyFunction } from './any-function.js';
import type { AsResult, Crossed, Crosses, IsSame, MayPass, Passed, Pending, Setting } from './forms.js';
import type { CannotCross } from './serializable.js';

type Signature = (...args: never[]) => unknown;

/**
 * A method of an instance as it stands on the proxy. One that needs no change passes through whole, generics included;
 * in others generics become their constraints. One that cannot work is not callable, and its type says why.
 * @typeParam Self the instance's type, @typeParam Proxy what a result of that type becomes
 */
export type RemoteMethod<F extends AnyFunction, Self, Proxy, S extends Setting> =
  PassesThrough<F, S> extends true
    ? F
    : Overloads<F> extends infer All extends Signature[]
      ? RemoteSignatures<All, Self, Proxy, S>
      : never;

/** Already asynchronous, with nothing that the way would change. */
type PassesThrough<F extends AnyFunction, S extends Setting> =
  Overloads<F> extends [(...args: infer A) => infer R]
    ? [R] extends [never]
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

/** Those overloads that can work, in their order; the reason of the last where none can. */
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

type Intersection<All extends Signature[]> = All extends [
  infer First extends Signature,
  ...infer Rest extends Signature[],
]
  ? Rest extends []
    ? First
    : First & Intersection<Rest>
  : never;

type RemoteSignature<F extends Signature, Self, Proxy, S extends Setting> = F extends (...args: infer A) => infer R
  ? MayPass<A, S> extends true
    ? Identical<Awaited<R>, Self> extends true
      ? (...args: Passed<A, S>) => Promise<Proxy>
      : RemoteResult<Passed<A, S>, R, S>
    : ParameterReason<A, S>
  : never;

type RemoteResult<A extends unknown[], R, S extends Setting> =
  Crosses<Awaited<R>, AsResult<S>> extends true
    ? (...args: A) => Pending<Crossed<Awaited<R>, AsResult<S>>>
    : ResultReason<Awaited<R>, S>;

/** With functions enabled, would it cross? */
type Enabled<S extends Setting> = { mode: S['mode']; handles: S['handles']; callbacks: true };

type ParameterReason<A extends unknown[], S extends Setting> = [S['callbacks'], MayPass<A, Enabled<S>>] extends [
  false,
  true,
]
  ? CannotCross<'A parameter of this method is or holds a function. Use { enableCallbacks: true } to let functions cross.'>
  : HasFunction<A> extends true
    ? CannotCross<'A parameter of this method is a function whose own parameters or result cannot cross in this serialization mode.'>
    : S['mode'] extends 'json'
      ? CannotCross<"A parameter of this method is not what JSON leaves of it. Use { serialization: 'advanced' }, or take plain data: a Date as a string, a Map as its entries, a Buffer as base64.">
      : CannotCross<'A parameter of this method cannot be cloned: it holds methods, private fields or the like. Take plain data, or register a transfer handler for its class.'>;

type ResultReason<R, S extends Setting> = [S['callbacks'], Crosses<R, AsResult<Enabled<S>>>] extends [false, true]
  ? CannotCross<'The result of this method is a function. Use { enableCallbacks: true } to let functions cross.'>
  : S['mode'] extends 'json'
    ? CannotCross<"The result of this method cannot be expressed in JSON. Use { serialization: 'advanced' }, or return plain data: a Map as its entries, a Buffer as base64, a bigint as a string.">
    : CannotCross<'The result of this method cannot be cloned. Return plain data, or register a transfer handler for its class.'>;

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
