/**
 * The key of the directory in which this process was started. Flags and NODE_OPTIONS name files relative to it, even if the process
 * has changed its directory since. Global, since an agent changes the directory before it loads the module, which may contain
 * another copy of this library.
 */
const key = Symbol.for('procxy.start-directory');
const shared = globalThis as { [key]?: string | undefined };

/** `undefined` if the directory had been removed when this file was loaded. */
export const startDirectory = (shared[key] ??= currentDirectory());

/** Changes this process's directory. {@link startDirectory} stays the same. */
export function goTo(directory: string): void {
  process.chdir(directory);
}

/** Returns the working directory, or `undefined` if it was removed. */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
