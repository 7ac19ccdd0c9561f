import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleReference } from '../protocol.js';
import { requireFrom } from '../require-from.js';
import { isNode } from './import-from.js';

/**
 * Compilers that hook `require()`: ts-node, @swc-node/register, esbuild-register, sucrase, @babel/register. A child inherits them by
 * `--require`. `import()` does not run them for ES module syntax, so what the parent has loaded through a hook is required here too.
 */
const hooks = (): Record<string, unknown> =>
  process.getBuiltinModule('node:module').Module['_extensions' as never] as Record<string, unknown>;

/** Extensions that Node has handlers for itself. */
const native = new Set(['.js', '.json', '.node']);

/**
 * Finds the file that `require()` has to load, since a hook compiles it. Returns `undefined` if there is no such hook, if loaders for
 * `import()` were inherited too, or if the file's package is an ES module: the parent has then imported it.
 */
export function hookedFile(module: ModuleReference): string | undefined {
  if (!isNode || hasImportLoader()) return undefined;
  const path = pathOf(module);
  return path !== undefined && isHooked(path) && !isEsModule(path) ? path : undefined;
}

/** Whether a hook compiles such a file. */
export function isHooked(path: string): boolean {
  const extension = extname(path);
  if (!native.has(extension)) return Object.hasOwn(hooks(), extension);
  return extension === '.js' && flagsHave(/(^|\s)(--require|-r)\b/) && isWrapped(extension);
}

/** Loads a file by `require()`, and returns its exports as `import()` would. */
export function requireFile(path: string): Record<string, unknown> {
  const exports: unknown = requireFrom(path)(path);
  return { default: exports, ...(exports as object | undefined) };
}

function pathOf(module: ModuleReference): string | undefined {
  if ('url' in module) return module.url.startsWith('file:') ? fileURLToPath(module.url) : undefined;
  // A package of the same repository may be in TypeScript. Others are compiled, and hooks leave them alone.
  if (!Object.hasOwn(hooks(), '.ts')) return undefined;
  try {
    const path = requireFrom(module.referrer).resolve(module.specifier);
    return extname(path) === '.ts' || extname(path) === '.tsx' ? path : undefined;
  } catch {
    return undefined;
  }
}

function hasImportLoader(): boolean {
  return flagsHave(/(^|\s)(--import|--loader|--experimental-loader)\b/);
}

function flagsHave(pattern: RegExp): boolean {
  return pattern.test(process.execArgv.join(' ')) || pattern.test(process.env.NODE_OPTIONS ?? '');
}

/** Whether code that is not Node's own runs in the handler. The stack of an error shows that: the handler finds no such file. */
function isWrapped(extension: string): boolean {
  const { Module } = process.getBuiltinModule('node:module');
  const missing = join(dirname(process.argv[1] ?? '/'), `procxy-no-such-file${extension}`);
  const { prepareStackTrace } = Error;
  try {
    Reflect.set(Error, 'prepareStackTrace', (_error: Error, sites: NodeJS.CallSite[]) => sites);
    (hooks()[extension] as (module: object, path: string) => void)(new Module(missing), missing);
    return true;
  } catch (error) {
    const { stack } = error as { stack?: NodeJS.CallSite[] };
    if (!Array.isArray(stack)) return false;
    const own = stack.findIndex((site) => site.getFunctionName() === isWrapped.name);
    return stack.slice(0, Math.max(own, 0)).some((site) => !site.getFileName()?.startsWith('node:'));
  } finally {
    // It may be read-only.
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

/** Whether a file is an ES module by its name or its package. */
function isEsModule(path: string): boolean {
  const extension = extname(path);
  if (/^\.m[jt]s$/.test(extension)) return true;
  if (/^\.c[jt]s$/.test(extension)) return false;
  const { readFileSync } = process.getBuiltinModule('node:fs');
  let folder = path;
  while (folder !== (folder = dirname(folder))) {
    try {
      const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown };
      return type === 'module';
    } catch {
      // No package begins here.
    }
  }
  return false;
}
