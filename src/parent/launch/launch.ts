import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import type { JsonValue } from 'type-fest';
import { ChildCrashedError, describeReason, type ProtocolError } from '../../errors.js';
import type { ChildOptions } from '../options/child-options.js';
import { agentPath, cachedStartPath } from './agent-path.js';
import { codeCacheFor } from './code-cache.js';
import { childEnv } from './environment.js';
import { flagsFor } from './flags.js';
import { forkOnSocket } from './fork-on-socket.js';
import { layOutDescriptors, type SocketDescriptors } from './stdio.js';

export interface Launched extends SocketDescriptors {
  process: ChildProcess;
}

/**
 * Starts the agent. It connects by itself and waits for its `import`.
 * @param onGarbage called when invalid data arrived on a socket, which is closed then
 */
export function launch(options: ChildOptions, onGarbage: (error: ProtocolError) => void): Launched {
  const { stdio, ...descriptors } = layOutDescriptors(options);
  const agent = options.agent === undefined ? agentPath() : String(options.agent);
  const env = childEnv(options);
  const cache = options.agent === undefined ? codeCacheFor(options, agent) : undefined;
  if (cache !== undefined) env.PROCXY_CODE_CACHE = cache;
  const program = cache === undefined ? agent : cachedStartPath();
  const settings: ForkOptions = {
    env,
    execArgv: flagsFor(options, agent),
    stdio,
    serialization: options.serialization,
  };
  if (options.cwd !== undefined) settings.cwd = options.cwd;
  if (options.execPath !== undefined) settings.execPath = options.execPath;
  const args = options.args.map(toArgument);
  try {
    const process =
      options.channel === 'ipc' ? fork(program, args, settings) : forkOnSocket(program, args, settings, onGarbage);
    return { process, ...descriptors };
  } catch (error) {
    throw startError(error);
  }
}

/** How a value stands in `process.argv`. */
function toArgument(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
}

/** For a process that the operating system would not start. */
export function startError(cause: unknown): ChildCrashedError {
  return new ChildCrashedError(
    `The child process could not be started: ${describeReason(cause)}. Check \`execPath\`, \`cwd\` and \`env\`.`,
    { exitCode: null, signal: null, cause },
  );
}
