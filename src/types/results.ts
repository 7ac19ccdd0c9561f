import type { IsAny, Primitive, Setting } from './crossing.js';
import type { Identical } from './overloads.js';
import type { PerhapsPipelined, Pipelined, Pipelines, Unawaited } from './pipelining.js';

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

/** With references, a result may be passed on before it has arrived, */
export type Answer<V, S extends Setting> = S['references'] extends true
  ? Pending<V> & PerhapsPipelined<V> & Unawaited<V>
  : Pending<V>;

/** in place of an argument. */
export type Given<A extends unknown[], S extends Setting> = S['references'] extends true
  ? { [K in keyof A]: A[K] | Unawaited<A[K]> }
  : A;

/** What a promise of the result gives. */
export type Settled<R> = R extends Primitive ? R : R extends Promise<infer V> ? Awaited<V> : Awaited<R>;

/** Whose methods they are. As members, the compiler works the two out only where a method returns the instance. */
export interface Instance<Self = unknown> {
  readonly self: Self;
  /** What a result of that type becomes. */
  readonly proxy: unknown;
}

/** Whether a method returns the instance itself. */
export type IsSelf<R, Self> = [R] extends [Self] ? Identical<R, Self> : false;

/**
 * A method whose parameters and result cross as they are.
 * @typeParam F the method's own type, or `never` where it must not stay, @typeParam A its parameters, @typeParam R its result
 * @typeParam Value the result, or what it resolves to
 */
export type Unchanged<F, A extends unknown[], R, Value, S extends Setting> = [F] extends [never]
  ? (...args: A) => Answer<Value, S>
  : [R] extends [never]
    ? (...args: A) => Promise<never>
    : unknown extends R
      ? (...args: A) => Promise<R>
      : [R, Pending<Value>] extends [Pending<Value>, R]
        ? F
        : (...args: A) => Pending<Value>;
