import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import { ChildCrashedError, describeReason, type ProtocolError } from '../../errors.js';
import { agentPath } from './agent-path.js';
import { childEnv } from './environment.js';
import { flagsFor } from './flags.js';
import { forkOnSocket } from './fork-on-socket.js';
import { toArgument, type ResolvedOptions } from '../options/options.js';
import type { Runtime } from './runtime.js';
import { withIpc } from './stdio.js';

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
