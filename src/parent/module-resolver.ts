import { existsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeReason, ModuleResolutionError } from '../errors.js';
import type { ModuleReference } from '../protocol.js';
import { isUrl } from '../realm.js';
import { currentDirectory } from '../start-directory.js';
import { mainFile, realPath, tryRequireResolve } from './main-file.js';
import { locateClass } from './v8-location.js';

/** Extensions to try if a file does not exist: that of its TypeScript source, or of another module format. */
const siblings: Record<string, string[]> = {
  '.js': ['.ts', '.mjs', '.cjs'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
  '.jsx': ['.tsx'],
};

/**
 * Returns where the child finds a module that was named. The parent does not import it, since it may still be evaluating.
 * @param caller the URL of the file that named it
 * @throws {ModuleResolutionError}
 */
export function resolveModule(modulePath: string | URL, caller: string | undefined): ModuleReference {
  const base = caller ?? pathToFileURL(`${currentDirectory() ?? ''}/`).href;
  if (isUrl(modulePath)) return { url: checkUrl(modulePath, modulePath.href) };
  if (/^\.\.?([\\/]|$)/.test(modulePath)) return { url: resolveFile(new URL(modulePath, base), modulePath, caller) };
  if (isAbsolute(modulePath)) return { url: resolveFile(pathToFileURL(modulePath), modulePath, caller) };
  if (/^(file|node|data|https?):/.test(modulePath)) return { url: checkUrl(modulePath, modulePath) };
  if (modulePath === '')
    throw new ModuleResolutionError("The module path is ''. Name the file that exports the class.");
  return { specifier: modulePath, referrer: base };
}

/**
 * Returns the path of a custom agent.
 * @throws {ModuleResolutionError} if the file does not exist
 */
export function resolveAgent(agent: string | URL, caller: string | undefined): string {
  const module = resolveModule(agent, caller);
  if ('url' in module && module.url.startsWith('file:')) return fileURLToPath(module.url);
  throw new ModuleResolutionError(
    `The agent '${String(agent)}' is not the path of a file. Begin a path that is relative to the calling file with './'.`,
  );
}

/**
 * Returns where the child finds a class whose module was not named.
 * @throws {ModuleResolutionError}
 */
export function findModule(type: object, className: string): ModuleReference {
  const name = className === '' ? 'an anonymous class' : `the class ${className}`;
  const location = locateClass(type);
  if ('unknown' in location) {
    throw new ModuleResolutionError(
      `The module of ${name} could not be found from the class alone: ${location.unknown}. Name it: procxy(Class, './module.js').`,
    );
  }
  if (isMainModule(location.url)) {
    throw new ModuleResolutionError(
      `The module of ${name} could not be found from the class alone: it is defined in the program's main file ` +
        `(${fileURLToPath(location.url)}), which a child would run again. Move it to its own module. If you bundle, leave that module ` +
        "out of the bundle, and name it: procxy(Class, './module.js').",
    );
  }
  return { url: location.url };
}

function isMainModule(url: string): boolean {
  const main = mainFile();
  return main !== undefined && url.startsWith('file:') && main === realPath(fileURLToPath(url));
}

function checkUrl(given: URL | string, written: string): string {
  let url: URL;
  let path = '';
  try {
    url = new URL(given);
    if (url.protocol === 'file:') path = fileURLToPath(url);
  } catch (error) {
    throw new ModuleResolutionError(`'${written}' is not the URL of a file (${describeReason(error)}).`, {
      cause: error,
    });
  }
  if (path !== '') return resolveFile(url, written, undefined);
  if (url.protocol === 'data:' || url.protocol === 'node:') return url.href;
  throw new ModuleResolutionError(`${url.href} cannot be imported in a child process. Use a file: URL or a path.`);
}

/**
 * Resolves a file as `import` would, then as `require` would. A name with `.js` may also mean the TypeScript source, or the `.mjs`
 * or `.cjs` file of a build in both formats.
 */
function resolveFile(url: URL, written: string, caller: string | undefined): string {
  const path = fileURLToPath(url);
  if (isFile(path)) return url.href;
  const extension = /\.[cm]?jsx?$/.exec(path)?.[0];
  const candidates = extension
    ? (siblings[extension] ?? []).map((each) => path.slice(0, -extension.length) + each)
    : [];
  const sibling = candidates.find(isFile);
  if (sibling !== undefined) return pathToFileURL(sibling).href;
  const required = tryRequireResolve(path);
  if (required !== undefined) return pathToFileURL(required).href;
  const relation =
    caller === undefined || isAbsolute(written) || written.startsWith('file:')
      ? ''
      : `, relative to ${fileURLToPath(caller)}`;
  throw new ModuleResolutionError(
    `The module '${written}' does not exist (${path}${relation}). ` +
      'A module path is relative to the file that calls procxy(), or absolute, a file: URL, or the name of a package.',
  );
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
