import { resolve } from 'node:path';
import { startDirectory } from '../../start-directory.js';
import type { ChildOptions } from '../options/child-options.js';
import { containmentFlags, isPermissionFlag } from './containment.js';
import { runtimeFlags } from './runtime.js';

/** The flags that go before the program. `agent` is the program's file. */
export function flagsFor(options: ChildOptions, agent: string): string[] {
  const { runtime, execPath = process.execPath, permissions } = options;
  const permitted = permissions !== undefined;
  return runtimeFlags(runtime, {
    given: options.execArgv,
    inherited: () => inheritedFlags(process.execArgv, permitted),
    limits: containmentFlags(options, { runtime, execPath, agent }),
    permitted,
  });
}

/** Flags that make a process something else than a worker: a debuggee, a test run, a watcher, a one-liner. */
const ownFlags = /^--(inspect|debug|test|watch|eval|print|check|interactive|input-type|run)(-|=|$)|^-[epcip]+$/;
/** Those of them whose value is the next argument. */
const withValue =
  /^(-e|-p|-pe|--eval|--print|--watch-path|--inspect-port|--debug-port|--run|--input-type|--test-[a-z-]+)$/;

/** Flags whose value is a module: a package, or a path that may be relative to where this process was started. */
const loaders = /^(--import|--loader|--experimental-loader|--require|-r)(=|$)/;

/**
 * This process's flags without those that belong to it alone.
 * @param confined the child has permissions of its own, and may not read the files of this process's loaders
 */
export function inheritedFlags(flags: readonly string[], confined = false): string[] {
  const kept: string[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? '';
    if (loaders.test(flag)) {
      const [name = '', value] = flag.split(/=(.*)/s);
      const loader = value === undefined ? [name, absolute(flags[++index] ?? '')] : [`${name}=${absolute(value)}`];
      if (!confined) kept.push(...loader);
    } else if (confined && isPermissionFlag(flag)) continue;
    else if (!ownFlags.test(flag)) kept.push(flag);
    else if (withValue.test(flag) && !flags[index + 1]?.startsWith('-')) index++;
  }
  return kept;
}

/** The child starts where such a path is right, but may start processes of its own elsewhere. */
function absolute(module: string): string {
  return startDirectory !== undefined && /^\.\.?[\\/]/.test(module) ? resolve(startDirectory, module) : module;
}
