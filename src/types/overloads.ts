export type Signature = (...args: never[]) => unknown;

/**
 * The overloads of a function, in order, up to eight. For a function with fewer, the compiler repeats the first.
 */
export type Overloads<F> = F extends {
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

export type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The overloads that are functions, as one type. If none is, the last. */
export type Usable<All extends unknown[]> =
  Functions<All> extends infer Some extends Signature[]
    ? Some extends []
      ? All extends [...unknown[], infer Last]
        ? Last
        : never
      : Intersection<Some>
    : never;

type Functions<All extends unknown[]> = All extends [infer First, ...infer Rest]
  ? First extends Signature
    ? [First, ...Functions<Rest>]
    : Functions<Rest>
  : [];

type Intersection<All extends Signature[]> = All extends [
  infer First extends Signature,
  ...infer Rest extends Signature[],
]
  ? Rest extends []
    ? First
    : First & Intersection<Rest>
  : never;
