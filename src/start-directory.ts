/**
 * The directory in which this process was started. Its flags and NODE_OPTIONS name files and packages relative to it, also when the
 * process has changed its directory since. Global, since a child's agent changes the directory before it loads the module, which may
 * bring a copy of this library of its own.
 */
const key = Symbol.for('procxy.start-directory');
const shared = globalThis as { [key]?: string | undefined };

/** `undefined` where it had been removed when this process first asked. */
export const startDirectory = (shared[key] ??= currentDirectory());

/** Changes this process's directory. Where it was started stays known. */
export function goTo(directory: string): void {
  process.chdir(directory);
}

/** `undefined` where it has been removed. */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
