import { basename } from 'node:path';
import { OptionsValidationError } from '../../errors.js';
import type { ProcxyOptions } from '../../types/options.js';
import { startsItself } from '../single-executable.js';

/** What runs the child: `'other'` speaks the wire protocol by itself. */
export type Runtime = 'node' | 'bun' | 'deno' | 'other';

/** By the name of the executable. What has another name is taken for Node, or what is built on it. */
function runtimeOf(execPath: string | undefined, agent: string | URL | undefined): Runtime {
  if (agent !== undefined) return 'other';
  const name = /^(bun|deno)\b/i.exec(basename(execPath ?? ''))?.[1]?.toLowerCase();
  return (name as 'bun' | 'deno' | undefined) ?? 'node';
}

/** How a sentence names it. */
const runtimeNames: Record<Runtime, string> = {
  node: 'Node',
  bun: 'Bun',
  deno: 'Deno',
  other: 'a program of your own (`agent`)',
};

/** What the flags before the program are made of. */
export interface FlagSources {
  /** `execArgv` */
  given: readonly string[] | undefined;
  /** What a child in Node has where none are given. */
  inherited(): string[];
  /** Flags that set limits: they come last, and the last one counts. */
  limits: readonly string[];
  /** Whether permissions are among them. */
  permitted: boolean;
}

/** The flags that go before the program. This process's own are for Node alone. */
export function runtimeFlags(runtime: Runtime, { given, inherited, limits, permitted }: FlagSources): string[] {
  switch (runtime) {
    case 'node':
      return [...(given ?? inherited()), ...limits];
    case 'deno': {
      // Without `run` it takes the program's name for a command; without permissions it asks in a terminal, and refuses elsewhere.
      const flags = given ?? (permitted ? [] : ['--allow-all']);
      return [...(flags.includes('run') ? [] : ['run']), ...flags, ...limits];
    }
    default:
      return [...(given ?? []), ...limits];
  }
}

/** @throws {OptionsValidationError} for what a runtime, a channel or a platform cannot do */
export function chooseChannel(options: ProcxyOptions): { runtime: Runtime; channel: 'ipc' | 'socket' } {
  const { execPath, agent, serialization, supportHandles, inProcess } = options;
  // There is no child, and options for one are ignored.
  if (inProcess) return { runtime: 'node', channel: 'ipc' };
  const runtime = runtimeOf(execPath, agent);
  if (runtime === 'node' && startsItself(execPath)) {
    throw new OptionsValidationError(
      `The child would be this program once more (${process.execPath}): it is a single executable application, which starts no other file. ` +
        "Set `execPath` to the path of a Node that is installed, or of Node's executable in a package of yours, or use { inProcess: true }.",
    );
  }
  const isWindows = process.platform === 'win32';
  const channel = options.channel ?? (runtime === 'node' || (isWindows && runtime !== 'other') ? 'ipc' : 'socket');
  if (serialization === 'advanced' && runtime !== 'node') {
    throw new OptionsValidationError(
      `{ serialization: 'advanced' } is V8's format, which only Node reads; the child is ${runtimeNames[runtime]}. Leave it out: values then travel as JSON.`,
    );
  }
  if (channel === 'socket' && isWindows) {
    throw new OptionsValidationError(
      "{ channel: 'socket' } needs a Unix socket that the child inherits, which Windows does not have. Use 'ipc', with Node, Bun or Deno.",
    );
  }
  if (channel === 'socket' && supportHandles) {
    throw new OptionsValidationError(
      "{ supportHandles: true } needs { channel: 'ipc' } and a child in Node: on a socket no handles cross.",
    );
  }
  if (agent !== undefined && channel === 'ipc') {
    throw new OptionsValidationError("The option `agent` needs { channel: 'socket' }, which is its default.");
  }
  return { runtime, channel };
}
