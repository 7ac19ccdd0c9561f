import { fileURLToPath } from 'node:url';
import { describeReason } from '../errors.js';
import type { ModuleReference } from '../protocol.js';

/** Advice on an error of an import, as the end of a sentence. Empty if there is none. */
export function remedyFor(error: unknown, module: ModuleReference): string {
  const { code, permission, resource } = (error ?? {}) as { code?: unknown; permission?: unknown; resource?: unknown };
  if (code === 'ERR_ACCESS_DENIED' && permission === 'FileSystemRead') {
    // Node on Windows gives a path with the prefix of its own namespace.
    const path = describeReason(resource).replace(/^\\\\\?\\/, '');
    return `. Name ${path}, or its directory, in \`permissions.read\``;
  }
  if (!('url' in module) && (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')) {
    // Unless the package was found, and a module that it imports was not.
    if (!describeReason(error).includes(`'${module.specifier}'`)) return '';
    return (
      `. A string after the class names its module. If it is for the constructor, ` +
      `write the options first: procxy(Class, {}, '${module.specifier}')`
    );
  }
  return isClosed(module)
    ? `. The child runs as the user ${process.getuid?.()}, who may not read it. Change its mode, or the option \`uid\``
    : '';
}

/** Whether the operating system keeps this process from the file. Node may say that it does not exist. */
function isClosed(module: ModuleReference): boolean {
  if (!('url' in module) || !module.url.startsWith('file:')) return false;
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(fileURLToPath(module.url), constants.R_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
