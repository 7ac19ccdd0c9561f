import { OptionsValidationError } from '../errors.js';
import { isPromise } from '../is-promise.js';
import { show } from '../options/show.js';
import type { Lent } from '../types/lent.js';
import { findMethod } from './members.js';

/** The arguments of `byReference()`. */
export interface Marked {
  readonly value: object;
  /** The methods that may be called. Absent for all. */
  readonly methods: readonly string[] | undefined;
}

/** Has a class, since handlers are not asked for plain objects. */
class Mark {}

/** Global, since the agent in a child and the user's module have separate copies of this library. */
const key = Symbol.for('procxy.marked');
const marks = ((globalThis as { [key]?: WeakMap<object, Marked> })[key] ??= new WeakMap());

/**
 * Lends an object to the other process instead of copying it: its methods can be called there, and run here. Pass the returned value
 * as an argument, return it from a method, or put it into a larger value.
 * @param methods the only methods that may be called. Default: all
 * @throws {OptionsValidationError} for a value that is not an object, is a promise, or lacks one of the methods
 * @example
 * ```ts
 * const log = { write: (line: string) => console.log(line) };
 * const texts = await procxy(Texts, { enableReferences: true });
 * await texts.logTo(byReference(log)); // the child calls write(), which runs here
 * ```
 */
export function byReference<T extends object>(value: T): Lent<T>;
export function byReference<T extends object, const K extends keyof T & string>(
  value: T,
  methods: readonly K[],
): Lent<Pick<T, NoInfer<K>>>;
export function byReference(value: unknown, methods?: readonly string[]): object {
  if (typeof value !== 'object' || value === null) {
    throw new OptionsValidationError(
      `byReference() takes an object, but got ${show(value)}. Pass primitives themselves.`,
    );
  }
  if (isPromise(value)) {
    throw new OptionsValidationError('byReference() takes an object, but got a promise. Await it first.');
  }
  const missing = methods?.find((name) => !findMethod(value, name));
  if (missing !== undefined) {
    throw new OptionsValidationError(
      `byReference() takes the names of the object's methods, but got ${show(missing)}. Leave it out, or correct its name.`,
    );
  }
  return mark(value, methods);
}

export function mark(value: object, methods: readonly string[] | undefined): object {
  const made = new Mark();
  marks.set(made, { value, methods: methods && [...methods] });
  return made;
}

export function markedBy(value: object): Marked | undefined {
  return marks.get(value);
}
