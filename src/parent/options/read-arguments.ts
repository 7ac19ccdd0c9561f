import { isString } from '../../field-checks.js';
import { isPlainObject } from '../../options/kind.js';
import { isUrl } from '../../realm.js';
import { resolveOptions, type ResolvedOptions } from './resolve-options.js';

/** What `procxy()` was given after the class. */
export interface Arguments {
  options: ResolvedOptions;
  constructorArgs: readonly unknown[];
}

/**
 * Position decides what an argument means: a string, a URL or `undefined` is the module, the plain object or
 * `undefined` after it the options, and the rest are the constructor's. Nothing is guessed from the content.
 * @throws {OptionsValidationError}
 */
export function readArguments(args: readonly unknown[]): Arguments {
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
  return { options: resolveOptions(given, modulePath), constructorArgs: rest };
}
