/** A function of any signature. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function that may be called with any arguments. */
export type UntypedFunction = (...args: unknown[]) => unknown;
