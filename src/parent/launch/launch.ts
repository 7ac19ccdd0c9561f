import { fork, type ChildProcess, type ForkOptions, type StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { ChildCrashedError, describeReason, type ProtocolError } from '../../errors.js';
import { agentPath } from './agent-path.js';
import { containmentFlags, isPermissionFlag } from './containment.js';
import { forkOnSocket } from './fork-on-socket.js';
import { toArgument, type ResolvedOptions } from '../options/options.js';
import { runtimeFlags, type Runtime } from './runtime.js';

export interface Launched {
  process: ChildProcess;
  /** The child's ends of the sockets besides the channel, whose other ends are in `process.stdio`: one on which it can block, */
  syncDescriptor: number | undefined;
  /** and one for what streams carry. */
  dataDescriptor: number | undefined;
}

/**
 * Starts the agent. It connects by itself and waits for its `import`.
 * @param onGarbage what came on a socket is no message; it is closed then
 */
export function launch(options: ResolvedOptions, onGarbage: (error: ProtocolError) => void): Launched {
  const stdio = [...withIpc(options.stdio)];
  // On Windows they would be named pipes, which do not block, and which a child cannot open by number.
  const hasSockets = process.platform !== 'win32' && options.runtime !== 'other';
  const dataDescriptor = hasSockets ? stdio.push('pipe') - 1 : undefined;
  const syncDescriptor =
    hasSockets && options.callbacks && canBlock.has(options.runtime) ? stdio.push('pipe') - 1 : undefined;
  const program = options.agent === undefined ? agentPath() : String(options.agent);
  const settings: ForkOptions = {
    env: childEnv(options),
    execArgv: flagsFor(options, program),
    stdio,
    serialization: options.serialization,
  };
  if (options.cwd !== undefined) settings.cwd = options.cwd;
  if (options.execPath !== undefined) settings.execPath = options.execPath;
  const args = options.args.map((value) => toArgument(value));
  try {
    const process =
      options.channel === 'ipc' ? fork(program, args, settings) : forkOnSocket(program, args, settings, onGarbage);
    return { process, syncDescriptor, dataDescriptor };
  } catch (error) {
    throw startError(error);
  }
}

function flagsFor(options: ResolvedOptions, agent: string): string[] {
  const { runtime, execPath = process.execPath, permissions } = options;
  const permitted = permissions !== undefined;
  return runtimeFlags(runtime, {
    given: options.execArgv,
    inherited: () => inheritedFlags(process.execArgv, permitted),
    limits: containmentFlags(options, { runtime, execPath, agent }),
    permitted,
  });
}

/** Runtimes in which a process can read a descriptor without turning its event loop. */
const canBlock = new Set<Runtime>(['node', 'bun']);

/** This side's end of one of the sockets. The types know only streams; Node leaves them out when it could not open them. */
export function socketAt(process: ChildProcess, descriptor: number | undefined): Socket | undefined {
  if (descriptor === undefined) return undefined;
  return (process.stdio as typeof process.stdio | undefined)?.[descriptor] as Socket | undefined;
}

/** For a process that the operating system would not start. */
export function startError(cause: unknown): ChildCrashedError {
  return new ChildCrashedError(
    `The child process could not be started: ${describeReason(cause)}. Check \`execPath\`, \`cwd\` and \`env\`.`,
    {
      exitCode: null,
      signal: null,
      cause,
    },
  );
}

/** Flags that make a process something else than a worker: a debuggee, a test run, a watcher, a one-liner. */
const ownFlags = /^--(inspect|debug|test|watch|eval|print|check|interactive|input-type|run)(-|=|$)|^-[epcip]+$/;
/** Those of them whose value is the next argument. */
const withValue =
  /^(-e|-p|-pe|--eval|--print|--watch-path|--inspect-port|--debug-port|--run|--input-type|--test-[a-z-]+)$/;

/** Those whose value is a module, and may be a path relative to where this process was started. */
const loaders = /^(--import|--loader|--experimental-loader|--require|-r)(=|$)/;
/** Taken at import: the process, or the child, may work elsewhere by now. */
const startDirectory = process.cwd();

/**
 * This process's flags without those that belong to it alone.
 * @param confined the child has permissions of its own, and may not read what the loaders of this process are made of
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

function absolute(module: string): string {
  return /^\.\.?[\\/]/.test(module) ? resolve(startDirectory, module) : module;
}

/** This process's environment with those changes, and without what concerns this process alone. */
export function childEnv({
  env: overrides,
  inheritEnv,
}: Pick<ResolvedOptions, 'env' | 'inheritEnv'>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = inheritEnv ? { ...process.env } : indispensable();
  // Two processes cannot listen on one inspector port, and --inspect-brk would wait for ever.
  if (env.NODE_OPTIONS !== undefined)
    env.NODE_OPTIONS = env.NODE_OPTIONS.replace(/(^|\s)--inspect(-[a-z-]+)?(=\S+)?(?=\s|$)/g, '');
  for (const [name, value] of Object.entries(overrides ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Without it no process has sockets on Windows. */
function indispensable(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}

/** The channel comes after stdin, stdout and stderr: on one of those, whatever the child prints would be taken for messages. */
function withIpc(stdio: StdioOptions): Exclude<StdioOptions, string> {
  if (typeof stdio === 'string') return [stdio, stdio, stdio, 'ipc'];
  if (stdio.includes('ipc')) return stdio;
  const standard = Array.from({ length: 3 }, (_, index) => stdio[index] ?? 'inherit');
  return [...standard, ...stdio.slice(3), 'ipc'];
}
