/** A function of whatever signature. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function that is called with whatever arguments arrive. */
export type UntypedFunction = (...args: unknown[]) => unknown;
