import { existsSync, realpathSync } from 'node:fs';
import { requireFrom } from '../require-from.js';

/** Returns the path of the program's main file, or `undefined` if there is none, as with `--eval` or in a REPL. */
export function mainFile(): string | undefined {
  const main = process.argv[1];
  const path = main === undefined ? undefined : tryRequireResolve(main);
  return path === undefined ? undefined : realPath(path);
}

/** Follows symbolic links. The file may no longer exist. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Resolves an absolute path as `require()` would: it may lack its extension, or be a directory. */
export function tryRequireResolve(path: string): string | undefined {
  try {
    return requireFrom(path).resolve(path);
  } catch {
    return undefined;
  }
}
