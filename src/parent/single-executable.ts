import { realpathSync } from 'node:fs';
import { callSites } from '../call-sites.js';

/** Whether this program is a single executable application, which contains Node: `process.execPath` is then the program itself. */
function isSingleExecutable(): boolean {
  // Other runtimes do not have the module.
  const sea = process.getBuiltinModule('node:sea') as { isSea(): boolean } | undefined;
  return sea?.isSea() === true;
}

/** Whether a child with this `execPath` would be another copy of this program, which would start the next one. */
export function startsItself(execPath: string | undefined): boolean {
  return isSingleExecutable() && (execPath === undefined || realPath(execPath) === realPath(process.execPath));
}

/**
 * Returns V8's name for the script in a single executable application, which procxy is bundled into: the file's name at build
 * time. `undefined` in other programs.
 */
export function embeddedScript(): string | undefined {
  return isSingleExecutable() ? (callSites()[0]?.getFileName() ?? undefined) : undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
