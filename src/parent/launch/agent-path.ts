import { dirname, join } from 'node:path';
import { ModuleResolutionError } from '../../errors.js';
import { requireFrom } from '../../require-from.js';
import { currentDirectory } from '../../start-directory.js';
import { callerUrl } from '../caller.js';

let found: string | undefined;

/**
 * Returns the agent's file. Resolves it by the package's own name, which works wherever this code runs: in the package itself, or
 * bundled into an app that has the package in `node_modules`.
 * @throws {ModuleResolutionError} if this code was bundled and the package is not installed
 */
export function agentPath(): string {
  found ??= search();
  return found;
}

/** The program that starts the agent from V8's code cache. */
export function cachedStartPath(): string {
  return join(dirname(agentPath()), 'cached-start.cjs');
}

/**
 * Returns the start of the paths of the files that this code is built into, which are next to the agent. In a bundle, no file has
 * such a path, and the agent may be missing.
 */
export function ownFiles(): string | undefined {
  try {
    return join(dirname(agentPath()), 'index.');
  } catch {
    return undefined;
  }
}

function search(): string {
  // V8 knows this file's name in every module format and bundle, which `import.meta.url` and `__filename` do not.
  const bases = [callerUrl(agentPath), process.argv[1], join(currentDirectory() ?? '/', 'index.js')];
  for (const base of bases) {
    try {
      if (base) return requireFrom(base).resolve('procxy/agent');
    } catch {
      // Not found from there: tries the next one.
    }
  }
  throw new ModuleResolutionError(
    "The program that runs in the child, 'procxy/agent', was not found. If this app is bundled, install procxy in a node_modules folder " +
      'beside the bundle, or put a copy of its file dist/agent.cjs there and name it in the option `agentPath`.',
  );
}
