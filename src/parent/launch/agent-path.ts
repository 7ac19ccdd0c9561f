import { dirname, join } from 'node:path';
import { ModuleResolutionError } from '../../errors.js';
import { requireFrom } from '../../require-from.js';
import { currentDirectory } from '../../start-directory.js';
import { callerUrl } from '../caller.js';

let found: string | undefined;

/**
 * The agent's file. It is asked for by the package's own name, which holds wherever this code runs: in the package
 * (which may refer to itself), or bundled into an app that still has `node_modules` near.
 * @throws {ModuleResolutionError} when this code was bundled and the package is nowhere near
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
 * How the names of the files begin that this code is built into: they lie beside the agent. In a bundle no file has such a name, and
 * the agent may be missing.
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
      // Not found from there; the next may do.
    }
  }
  throw new ModuleResolutionError(
    "The program that runs in the child, 'procxy/agent', was not found. If this app is bundled, leave procxy out of the bundle " +
      '(external) or install it in a node_modules folder beside it.',
  );
}
