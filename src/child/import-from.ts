import { pathToFileURL } from 'node:url';
import { requireFrom } from '../require-from.js';
import { importModule } from './import-module.js';

/** Bun and Deno read TypeScript, but cannot run a script that imports on behalf of another file. */
export const isNode = !('bun' in process.versions || 'deno' in process.versions);

/** Makes an `import()` that resolves bare specifiers as the file `referrer` would. */
export function importFrom(referrer: string): (specifier: string) => Promise<unknown> {
  if (!isNode) return (specifier) => importModule(pathToFileURL(requireFrom(referrer).resolve(specifier)).href);
  const { constants, Script } = process.getBuiltinModule('node:vm');
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically } = constants;
  const script = new Script('(specifier) => import(specifier)', { filename: referrer, importModuleDynamically });
  const load = script.runInThisContext() as (specifier: string) => Promise<unknown>;
  return (specifier) => withoutWarning(() => load(specifier));
}

/** Suppresses Node's warning on the user's stderr that the constant above is experimental. */
function withoutWarning<T>(run: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return run();
  } finally {
    process.emitWarning = emitWarning;
  }
}
