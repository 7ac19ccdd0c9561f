import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { ModuleResolutionError } from '../errors.js';
import type { ModuleReference } from '../protocol.js';

type Namespace = Record<string, unknown>;

/** @throws {ModuleResolutionError} when the module is not found, cannot be read by this runtime, or throws */
export async function loadModule(module: ModuleReference): Promise<Namespace> {
  try {
    if ('url' in module) return await importUrl(module.url);
    return (await importFrom(module.referrer)(module.specifier)) as Namespace;
  } catch (error) {
    if (error instanceof ModuleResolutionError) throw error;
    const name = 'url' in module ? display(module.url) : `'${module.specifier}'`;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleResolutionError(`${name} could not be loaded in the child process: ${reason}`, { cause: error });
  }
}

async function importUrl(url: string): Promise<Namespace> {
  try {
    return (await import(url)) as Namespace;
  } catch (error) {
    if (!isTypeScript(url) || (error as { code?: unknown }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    registerTsx(url);
    return (await import(url)) as Namespace;
  }
}

/** `import()` as it would work in the file `referrer`: the only way to resolve a bare specifier by its rules. */
function importFrom(referrer: string): (specifier: string) => Promise<unknown> {
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically } = vm.constants;
  const script = new vm.Script('(specifier) => import(specifier)', { filename: referrer, importModuleDynamically });
  const load = script.runInThisContext() as (specifier: string) => Promise<unknown>;
  return (specifier) => withoutWarning(() => load(specifier));
}

/** Node calls the constant above experimental, at its first use, on the user's stderr. */
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

/** This Node reads no TypeScript, and the parent's loader was not inherited: tsx may be installed beside the module. */
function registerTsx(url: string): void {
  try {
    const tsx = createRequire(url)('tsx/esm/api') as { register(): void };
    tsx.register();
  } catch (error) {
    throw new ModuleResolutionError(
      `${display(url)} is TypeScript, which Node ${process.versions.node} does not run by itself. Install tsx beside it, ` +
        'start the parent with a loader (node --import tsx), use Node 22.18 or later, or name the compiled file in `modulePath`.',
      { cause: error },
    );
  }
}

function display(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
