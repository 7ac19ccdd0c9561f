import type { Kind } from './kind.js';

/**
 * The definition of an option. Its name is its key in the table. Its documentation is the comment there, which editors show.
 * @typeParam Given what a user writes
 * @typeParam Read what the code works with
 * @typeParam Fixed the type of `fixedAtStart`
 */
export interface Option<Given, Read, Fixed extends boolean> {
  readonly kind: Kind<Given, Read>;
  /** `undefined` if leaving the option out has its own meaning. */
  readonly default: Read;
  /**
   * Whether a child cannot change it after its start. A spare child is used only if all these options are equal, and the code that
   * starts a child must not read others. See `ChildOptions`.
   */
  readonly fixedAtStart: Fixed;
  /** What to write instead of a wrong value: the last sentence of the error. */
  readonly remedy: string;
}

interface Details<Fixed extends boolean> {
  fixedAtStart: Fixed;
  remedy: string;
}

/** Makes an entry of the table. */
export function option<Given, Read, const Fixed extends boolean>(
  kind: Kind<Given, Read>,
  details: Details<Fixed> & { default: NoInfer<Read> },
): Option<Given, Read, Fixed>;
export function option<Given, Read, const Fixed extends boolean>(
  kind: Kind<Given, Read>,
  details: Details<Fixed>,
): Option<Given, Read | undefined, Fixed>;
export function option(kind: Kind<never, unknown>, details: Details<boolean>): Option<never, unknown, boolean> {
  return { kind, default: undefined, ...details };
}

/** Options by their names. */
export type Table = Readonly<Record<string, Option<never, unknown, boolean>>>;

/** An object with some options of a table, as a user writes it. */
export type Written<T extends Table> = {
  -readonly [K in keyof T]?: (T[K] extends Option<infer G, unknown, boolean> ? G : never) | undefined;
};

/** The same object with all defaults filled in. */
export type Resolved<T extends Table> = {
  [K in keyof T]: T[K] extends Option<never, infer R, boolean> ? R : never;
};

/** The options of a table that a child cannot change after its start. */
export type FixedAtStart<T extends Table> = {
  [K in keyof T as T[K] extends Option<never, unknown, true> ? K : never]: T[K];
};
