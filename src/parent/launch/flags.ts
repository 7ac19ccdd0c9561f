import type { ChildOptions } from '../options/child-options.js';
import { containmentFlags, isPermissionFlag } from './containment.js';
import { preloadsIn, readPreload } from './preloads.js';
import { runtimeFlags } from './runtime.js';

/** The flags that go before the program. `agent` is the program's file. */
export function flagsFor(options: ChildOptions, agent: string): string[] {
  const { runtime, execPath = process.execPath, permissions, inheritEnv } = options;
  const permitted = permissions !== undefined;
  // What the environment would have carried.
  const preloads = inheritEnv || permitted ? [] : preloadsIn(process.env.NODE_OPTIONS ?? '');
  return runtimeFlags(runtime, {
    given: options.execArgv,
    inherited: () => [...preloads, ...inheritedFlags(process.execArgv, permitted)],
    limits: containmentFlags(options, { runtime, execPath, agent }),
    permitted,
  });
}

/** Flags that make a process something else than a worker: a debuggee, a test run, a watcher, a one-liner. */
const ownFlags = /^--(inspect|debug|test|watch|eval|print|check|interactive|input-type|run)(-|=|$)|^-[epcip]+$/;
/** Those of them whose value is the next argument. */
const withValue =
  /^(-e|-p|-pe|--eval|--print|--watch-path|--inspect-port|--debug-port|--run|--input-type|--test-[a-z-]+)$/;

/**
 * This process's flags without those that belong to it alone.
 * @param confined the child has permissions of its own, and may not read the files of this process's loaders
 */
export function inheritedFlags(flags: readonly string[], confined = false): string[] {
  const kept: string[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? '';
    const preload = readPreload(flags.slice(index, index + 2));
    if (preload) {
      if (!confined) kept.push(...preload.located);
      index += preload.length - 1;
    } else if (confined && isPermissionFlag(flag)) continue;
    else if (!ownFlags.test(flag)) kept.push(flag);
    else if (withValue.test(flag) && !flags[index + 1]?.startsWith('-')) index++;
  }
  return kept;
}
