import type { AsItself, Crossing } from './crossing.js';
import type { Altered, Elements, Known, Refused, StepFrom, StepTo, ToChild } from './steps.js';

/**
 * Whether the values of a type can cross, and whether they arrive as the same type. It decides without building the type that
 * arrives, which is dear: it walks over the type level by level. A level is the union of the types of all members of the level before, so
 * that the compiler looks at each type once, however many members have it, and a recursive type ends.
 *
 *     { id: number; rows: Row[] }   →   number | Row[]   →   Row   →   string | Date   →   Refused
 */

type Verdict = Refused | Altered;

/** How many levels are still looked at after one. Everything that lies deeper is taken to cross as it is. */
interface After {
  8: 6;
  6: 4;
  4: 2;
  2: 0;
}

/** What becomes of a value on the way that `C` says: `never` where nothing changes. */
export type VerdictOf<T, C extends Crossing> = [T] extends [AsItself]
  ? never
  : C['functions'] extends ToChild
    ? WalkTo<Known<T>, C, 8>
    : WalkFrom<Known<T>, C, 8>;

/** The same for the parameters of a function, some of which may be `unknown`. */
export type VerdictOfAll<A extends readonly unknown[], C extends Crossing> = [A[number]] extends [AsItself]
  ? never
  : WalkTo<Elements<A>, C, 8>;

/*
 * Two steps at a time, which the compiler takes in less time than one after the other.
 * `T`: the types of a level, and the verdicts so far.
 */

type WalkTo<T, C extends Crossing, Left> = [T] extends [Verdict]
  ? T
  : Left extends keyof After
    ? WalkTo<StepTo<StepTo<T, C>, C>, C, After[Left]>
    : Extract<T, Verdict>;

type WalkFrom<T, C extends Crossing, Left> = [T] extends [Verdict]
  ? T
  : Left extends keyof After
    ? WalkFrom<StepFrom<StepFrom<T, C>, C>, C, After[Left]>
    : Extract<T, Verdict>;
