import { withLoadingMark } from '../loading-mark.js';
import type { LoadRequest } from '../protocol.js';
import type { Class } from '../classes.js';
import { findClass } from './find-class.js';
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
export async function loadClass({ module, class: wanted }: LoadRequest): Promise<LoadedClass> {
  const namespace = await withLoadingMark({ class: wanted, module }, () => loadModule(module));
  return { namespace, Class: findClass(namespace, wanted, displayModule(module)) };
}
