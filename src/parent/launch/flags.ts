import type { ChildOptions } from '../options/child-options.js';
import { containmentFlags, isPermissionFlag } from './containment.js';
import { preloadsIn, readPreload } from './preloads.js';
import { runtimeFlags } from './runtime.js';

/** Returns the flags before the program. `agent` is the program's file. */
export function flagsFor(options: ChildOptions, agent: string): string[] {
  const { runtime, execPath = process.execPath, permissions, inheritEnv } = options;
  const permitted = permissions !== undefined;
  // What the environment would have carried.
  const preloads = inheritEnv || permitted ? [] : preloadsIn(process.env.NODE_OPTIONS ?? '');
  return runtimeFlags(runtime, {
    given: options.execArgv,
    inherited: () => [...preloads, ...inheritedFlags(process.execArgv, permitted)],
    limits: containmentFlags(options, { runtime, execPath, agent, isAlone: options.agentPath !== undefined }),
    permitted,
  });
}

/** Flags that give a process another purpose: to be debugged, to run tests, to watch files, or to evaluate a string. */
const ownFlags = /^--(inspect|debug|test|watch|eval|print|check|interactive|input-type|run)(-|=|$)|^-[epcip]+$/;
/** The ones among them whose value is the next argument. */
const withValue =
  /^(-e|-p|-pe|--eval|--print|--watch-path|--inspect-port|--debug-port|--run|--input-type|--test-[a-z-]+)$/;

/**
 * Returns this process's flags without those that only concern this process.
 * @param confined whether the child has its own permissions, so that it may not be able to read the files of loaders
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
