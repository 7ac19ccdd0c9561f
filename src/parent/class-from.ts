import { OptionsValidationError } from '../errors.js';
import { isString } from '../field-checks.js';
import { show } from '../options/show.js';
import { isUrl } from '../realm.js';
import type { ClassLike, ClassReference } from '../types/creation.js';
import { callerUrl } from './caller.js';

/** In the global symbol registry, so that all copies of this package in the process share it. */
const brand = Symbol.for('procxy.class-reference');

/**
 * Refers to a class without loading its module: this process needs only the type.
 *
 * @param modulePath the module that exports the class: relative to the calling file, absolute, a `file:` URL, or a package's name
 * @param exportName the export that is the class: `'Heavy'`, `'default'` or `'api.Heavy'`
 * @typeParam C the class's type
 * @throws {OptionsValidationError} for an invalid argument
 * @example
 * ```ts
 * // Heavy is known from an `import type`
 * const heavy = await procxy(classFrom<typeof Heavy>('./heavy.js', 'Heavy'));
 * ```
 */
export function classFrom<C extends ClassLike>(modulePath: string | URL, exportName = 'default'): ClassReference<C> {
  if (!(isUrl(modulePath) || (isString(modulePath) && modulePath !== ''))) {
    throw new OptionsValidationError(
      `classFrom() needs the path of a module, a file: URL or the name of a package, but got ${show(modulePath)}. Call classFrom('./heavy.js', 'Heavy').`,
    );
  }
  if (!isString(exportName) || exportName === '') {
    throw new OptionsValidationError(
      `classFrom() needs the name of an export, but got ${show(exportName)}. Call classFrom('./heavy.js', 'Heavy').`,
    );
  }
  const caller = callerUrl(classFrom as (...args: never[]) => unknown);
  const reference = Object.defineProperty({ modulePath, exportName }, brand, { value: caller });
  return Object.freeze(reference) as unknown as ClassReference<C>;
}

/** Whether `value` was returned by `classFrom()`, of this copy of the package or another. */
export function isClassReference(value: unknown): value is ClassReference<ClassLike> {
  return typeof value === 'object' && value !== null && brand in value;
}

/** The URL of the file that called `classFrom()`. */
export function callerOf(reference: ClassReference<ClassLike>): string | undefined {
  return (reference as { [brand]?: string })[brand];
}
