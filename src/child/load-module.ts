import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeReason, ModuleResolutionError } from '../errors.js';
import type { ModuleReference } from '../protocol.js';
import { importModule } from './import-module.js';
import { remedyFor } from './load-remedy.js';

type Namespace = Record<string, unknown>;

/** @throws {ModuleResolutionError} if the module is not found, throws, or is in a language that this runtime cannot read */
export async function loadModule(module: ModuleReference): Promise<Namespace> {
  try {
    if ('url' in module) return await importUrl(module.url);
    return (await importFrom(module.referrer)(module.specifier)) as Namespace;
  } catch (error) {
    if (error instanceof ModuleResolutionError) throw error;
    const reason = `${describeReason(error)}${remedyFor(error, module)}`;
    throw new ModuleResolutionError(`${displayModule(module)} could not be loaded in the child process: ${reason}`, {
      cause: error,
    });
  }
}

async function importUrl(url: string): Promise<Namespace> {
  if (!isTypeScript(url)) return (await importModule(url)) as Namespace;
  if (!mayReadTypeScript()) await registerTsx(url);
  try {
    return (await importModule(url)) as Namespace;
  } catch (error) {
    if (!unreadable.has((error as { code?: unknown }).code)) throw error;
    await registerTsx(url);
    // Node caches the failure of this URL. A different query makes it a different module.
    return (await importModule(`${url}${url.includes('?') ? '&' : '?'}tsx`)) as Namespace;
  }
}

/** Errors for a file that no loader accepts, or that has syntax which cannot be stripped, such as an enum. */
const unreadable = new Set<unknown>(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX']);

/** Bun and Deno read TypeScript, but cannot run a script that imports on behalf of another file. */
const isNode = !('bun' in process.versions || 'deno' in process.versions);

/** Whether this Node strips types itself, or has inherited a loader from the parent that may do so. */
function mayReadTypeScript(): boolean {
  if (!isNode) return true;
  const { typescript } = process.features as { typescript?: string | false };
  const flags = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  return Boolean(typescript) || /(^|\s)(--import|--loader|--experimental-loader|--require|-r)\b/.test(flags);
}

/** Makes an `import()` that resolves bare specifiers as the file `referrer` would. */
function importFrom(referrer: string): (specifier: string) => Promise<unknown> {
  if (!isNode) return (specifier) => importModule(pathToFileURL(requireFrom(referrer).resolve(specifier)).href);
  const { constants, Script } = process.getBuiltinModule('node:vm');
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically } = constants;
  const script = new Script('(specifier) => import(specifier)', { filename: referrer, importModuleDynamically });
  const load = script.runInThisContext() as (specifier: string) => Promise<unknown>;
  return (specifier) => withoutWarning(() => load(specifier));
}

/** Not imported at the top, like `node:vm`: loading it takes time, and few children need it. */
function requireFrom(file: string): NodeJS.Require {
  return process.getBuiltinModule('node:module').createRequire(file);
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

function isTypeScript(url: string): boolean {
  return ['.ts', '.mts', '.cts', '.tsx'].includes(extname(new URL(url).pathname));
}

/** Registers tsx if it is installed beside the module, since neither Node nor an inherited loader reads TypeScript. */
async function registerTsx(url: string): Promise<void> {
  try {
    const esm = (await importFrom(url)('tsx/esm/api')) as { register(): void };
    const cjs = requireFrom(url)('tsx/cjs/api') as { register(): void };
    esm.register();
    cjs.register();
  } catch (error) {
    throw new ModuleResolutionError(
      `${display(url)} is TypeScript, which Node ${process.versions.node} does not run by itself. Install tsx beside it, ` +
        'start the parent with a loader (node --import tsx), use Node 22.18 or later, or name the compiled file in `modulePath`.',
      { cause: error },
    );
  }
}

/** Shows a module in an error message. */
export function displayModule(module: ModuleReference): string {
  return 'url' in module ? display(module.url) : `'${module.specifier}'`;
}

function display(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
