import { isString } from '../../field-checks.js';
import { isPlainObject } from '../../options/kind.js';
import type { Resolved, Table } from '../../options/option.js';
import { isUrl } from '../../realm.js';
import { resolveOptions, type FurtherOptions, type ResolvedOptions } from './resolve-options.js';

/** What `procxy()`, or one like it, was given after the class. */
export interface Arguments<T extends Table = EmptyTable> {
  options: ResolvedOptions & Resolved<T>;
  constructorArgs: readonly unknown[];
}

type EmptyTable = Record<never, never>;

/**
 * Reads arguments by position: a string, a URL or `undefined` is the module, a plain object or `undefined` after it the options,
 * and the rest are constructor arguments. Nothing is guessed from their content.
 * @param further options that the function takes besides those of `procxy()`
 * @throws {OptionsValidationError}
 */
export function readArguments<T extends Table = EmptyTable>(
  args: readonly unknown[],
  further?: FurtherOptions<T>,
): Arguments<T> {
  let rest = args;
  let modulePath: string | URL | undefined;
  let given: object = {};
  if (isString(rest[0]) || isUrl(rest[0]) || rest[0] === undefined) {
    modulePath = rest[0];
    rest = rest.slice(1);
  }
  if (isPlainObject(rest[0]) || rest[0] === undefined) {
    given = rest[0] ?? {};
    rest = rest.slice(1);
  }
  return { options: resolveOptions(given, modulePath, further), constructorArgs: rest };
}
