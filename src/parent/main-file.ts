import { existsSync, realpathSync } from 'node:fs';
import { requireFrom } from '../require-from.js';

/** The path of the file that `node` was started with, or `undefined` where there is none: `--eval`, a REPL. */
export function mainFile(): string | undefined {
  const main = process.argv[1];
  const path = main === undefined ? undefined : tryRequireResolve(main);
  return path === undefined ? undefined : realPath(path);
}

/** Follows links. The file may be gone by now. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Finds an absolute path as `require()` would: without its extension, or a folder. */
export function tryRequireResolve(path: string): string | undefined {
  try {
    return requireFrom(path).resolve(path);
  } catch {
    return undefined;
  }
}
