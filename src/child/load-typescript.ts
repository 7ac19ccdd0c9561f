import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModuleResolutionError } from '../errors.js';
import { requireFrom } from '../require-from.js';
import { importFrom, isNode } from './import-from.js';
import { importModule } from './import-module.js';
import { isHooked, requireFile } from './require-hooks.js';

type Namespace = Record<string, unknown>;

export function isTypeScript(url: string): boolean {
  return ['.ts', '.mts', '.cts', '.tsx'].includes(extname(new URL(url).pathname));
}

/**
 * Imports a TypeScript module: by what this process has inherited or Node itself can do, else by a compiler that is installed beside
 * the module.
 * @throws {ModuleResolutionError} if none of them is there
 */
export async function importTypeScript(url: string): Promise<Namespace> {
  if (!mayReadTypeScript()) return importByInstalled(url, url);
  try {
    return (await importModule(url)) as Namespace;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    // Hooks come with loaders that do something else: instrumentation, for example.
    if (url.startsWith('file:') && isHooked(fileURLToPath(url))) return requireFile(fileURLToPath(url));
    // Node caches the failure of this URL. A different query makes it a different module.
    return importByInstalled(url, `${url}${url.includes('?') ? '&' : '?'}tsx`);
  }
}

/** Whether no loader accepts the file, or it has syntax which cannot be stripped, such as an enum. */
function isUnreadable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
}

/** Whether this Node strips types itself, or has inherited a loader from the parent that may do so. */
function mayReadTypeScript(): boolean {
  if (!isNode) return true;
  const { typescript } = process.features as { typescript?: string | false };
  const flags = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  return Boolean(typescript) || /(^|\s)(--import|--loader|--experimental-loader|--require|-r)\b/.test(flags);
}

/** Neither Node nor an inherited loader reads the file, but tsx or jiti may be installed beside it. */
async function importByInstalled(url: string, tsxUrl: string): Promise<Namespace> {
  let failure: unknown;
  try {
    const esm = (await importFrom(url)('tsx/esm/api')) as { register(): void };
    const cjs = requireFrom(url)('tsx/cjs/api') as { register(): void };
    esm.register();
    cjs.register();
  } catch (error) {
    failure = error;
  }
  if (failure === undefined) return (await importModule(tsxUrl)) as Namespace;
  const jiti = await findJiti(url);
  if (jiti) return jiti.import(fileURLToPath(url));
  throw new ModuleResolutionError(
    `${fileURLToPath(url)} is TypeScript, which Node ${process.versions.node} cannot run by itself. ${remedy()}`,
    { cause: failure },
  );
}

interface Jiti {
  import(path: string): Promise<Namespace>;
}

async function findJiti(url: string): Promise<Jiti | undefined> {
  try {
    const { createJiti } = (await importFrom(url)('jiti')) as { createJiti(parent: string): Jiti };
    return createJiti(url);
  } catch {
    return undefined;
  }
}

function remedy(): string {
  const newerNode = 'typescript' in process.features && process.features.typescript ? '' : 'use Node 22.18 or later, ';
  if ('permission' in process) {
    return (
      'With `permissions`, a child does not inherit the loaders of its parent. Compile the file (for example by npx tsc), and name ' +
      'the compiled file in `modulePath`.'
    );
  }
  return (
    `Install tsx beside it, start the parent with a loader (node --import tsx), ${newerNode}or name the compiled file in ` +
    '`modulePath`.'
  );
}
