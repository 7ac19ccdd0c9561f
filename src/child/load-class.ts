import { withLoadingMark } from '../loading-mark.js';
import type { LoadRequest } from '../protocol.js';
import { findClass, type Class } from './find-class.js';
import { displayModule, loadModule } from './load-module.js';

export interface LoadedClass {
  Class: Class;
  /** The module that exports it. */
  namespace: object;
}

/**
 * Imports the module and finds the class in it.
 * @throws {ModuleResolutionError}
 */
export async function loadClass({ module, class: reference }: LoadRequest): Promise<LoadedClass> {
  const namespace = await withLoadingMark(reference, () => loadModule(module));
  return { namespace, Class: findClass(namespace, reference, displayModule(module)) };
}
