import { withLoadingMark } from '../loading-mark.js';
import type { LoadRequest } from '../protocol.js';
import type { Class } from '../classes.js';
import { describeReason, OptionsValidationError } from '../errors.js';
import { findClass } from './find-class.js';
import { goTo } from '../start-directory.js';
import { displayModule, loadModule } from './load-module.js';

export interface LoadedClass {
  Class: Class;
  /** The module that exports the class. */
  namespace: object;
}

/**
 * Imports the module and finds the class in it.
 * @throws {ModuleResolutionError}
 */
export async function loadClass({ module, class: wanted, cwd, preload = [] }: LoadRequest): Promise<LoadedClass> {
  if (cwd !== undefined) enter(cwd);
  // One after the other: a module may replace what the next one imports.
  for (const each of preload) await loadModule(each);
  const namespace = await withLoadingMark({ class: wanted, module }, () => loadModule(module));
  return { namespace, Class: findClass(namespace, wanted, displayModule(module)) };
}

/** @throws {OptionsValidationError} where this process may not, or the directory is gone */
function enter(directory: string): void {
  try {
    goTo(directory);
  } catch (cause) {
    throw new OptionsValidationError(
      `The option \`cwd\` must be a directory that the child may enter, but got '${directory}': ${describeReason(cause)}. Name another, or change its mode.`,
      { cause },
    );
  }
}
