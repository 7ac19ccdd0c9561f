import { fileURLToPath } from 'node:url';
import { describeReason, ModuleResolutionError } from '../errors.js';
import type { ModuleReference } from '../protocol.js';
import { importFrom } from './import-from.js';
import { importModule } from './import-module.js';
import { remedyFor } from './load-remedy.js';
import { importTypeScript, isTypeScript } from './load-typescript.js';
import { hookedFile, requireFile } from './require-hooks.js';

type Namespace = Record<string, unknown>;

/** @throws {ModuleResolutionError} if the module is not found, throws, or is in a language that this runtime cannot read */
export async function loadModule(module: ModuleReference): Promise<Namespace> {
  try {
    const hooked = hookedFile(module);
    if (hooked !== undefined) return requireFile(hooked);
    if (!('url' in module)) return (await importFrom(module.referrer)(module.specifier)) as Namespace;
    if (isTypeScript(module.url)) return await importTypeScript(module.url);
    return (await importModule(module.url)) as Namespace;
  } catch (error) {
    if (error instanceof ModuleResolutionError) throw error;
    const reason = `${describeReason(error)}${remedyFor(error, module)}`;
    throw new ModuleResolutionError(`${displayModule(module)} could not be loaded in the child process: ${reason}`, {
      cause: error,
    });
  }
}

/** Shows a module in an error message. */
export function displayModule(module: ModuleReference): string {
  return 'url' in module ? display(module.url) : `'${module.specifier}'`;
}

function display(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
