import { basename } from 'node:path';
import { OptionsValidationError } from '../../errors.js';
import type { ProcxyOptions } from '../../types/options.js';
import { startsItself } from '../single-executable.js';

/** The runtime of the child. `'other'` is a program that speaks the wire protocol itself. */
export type Runtime = 'node' | 'bun' | 'deno' | 'other';

/** Recognizes Bun and Deno by the name of the executable. Others count as Node, which includes programs built on it. */
function runtimeOf(execPath: string | undefined, agent: string | URL | undefined): Runtime {
  if (agent !== undefined) return 'other';
  const name = /^(bun|deno)\b/i.exec(basename(execPath ?? ''))?.[1]?.toLowerCase();
  return (name as 'bun' | 'deno' | undefined) ?? 'node';
}

/** The names of runtimes in error messages. */
const runtimeNames: Record<Runtime, string> = {
  node: 'Node',
  bun: 'Bun',
  deno: 'Deno',
  other: 'a program of your own (`agent`)',
};

/** The parts of the flags before the program. */
export interface FlagSources {
  /** The option `execArgv`. */
  given: readonly string[] | undefined;
  /** Returns the flags of a child in Node by default. */
  inherited(): string[];
  /** Flags that set permissions and limits. They come last, since the last flag counts. */
  limits: readonly string[];
  /** Whether the limits include permissions. */
  permitted: boolean;
}

/** Returns the flags before the program. Only Node inherits the flags of this process. */
export function runtimeFlags(runtime: Runtime, { given, inherited, limits, permitted }: FlagSources): string[] {
  switch (runtime) {
    case 'node':
      return [...(given ?? inherited()), ...limits];
    case 'deno': {
      // Without `run`, Deno takes the program for a command. Without permissions, it prompts in a terminal, and fails elsewhere.
      const flags = given ?? (permitted ? [] : ['--allow-all']);
      return [...(flags.includes('run') ? [] : ['run']), ...flags, ...limits];
    }
    default:
      return [...(given ?? []), ...limits];
  }
}

/** @throws {OptionsValidationError} for options that the runtime or the channel does not support */
export function chooseChannel(options: ProcxyOptions): { runtime: Runtime; channel: 'ipc' | 'socket' } {
  const { execPath, agent, serialization, supportHandles, inProcess, host } = options;
  // There is no child, so its options are ignored.
  if (inProcess) return { runtime: 'node', channel: 'ipc' };
  // The host chooses.
  if (host) return { runtime: 'node', channel: 'socket' };
  const runtime = runtimeOf(execPath, agent);
  if (runtime === 'node' && startsItself(execPath)) {
    throw new OptionsValidationError(
      `The child would be another copy of this program (${process.execPath}), which is a single executable application and runs no other file. ` +
        "Set `execPath` to the path of a Node that is installed, or of Node's executable in a package of yours, or use { inProcess: true }.",
    );
  }
  const isWindows = process.platform === 'win32';
  const channel = options.channel ?? (runtime === 'node' || (isWindows && runtime !== 'other') ? 'ipc' : 'socket');
  if (serialization === 'advanced' && runtime !== 'node') {
    throw new OptionsValidationError(
      `{ serialization: 'advanced' } needs a child in Node, but got ${runtimeNames[runtime]}. Leave it out to use JSON.`,
    );
  }
  if (channel === 'socket' && supportHandles) {
    throw new OptionsValidationError(
      "{ supportHandles: true } needs { channel: 'ipc' } and a child in Node: handles cannot cross on a socket.",
    );
  }
  if (agent !== undefined && channel === 'ipc') {
    throw new OptionsValidationError("The option `agent` needs { channel: 'socket' }, which is its default.");
  }
  return { runtime, channel };
}
