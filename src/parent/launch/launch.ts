import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import type { JsonValue } from 'type-fest';
import type { SocketLike } from '../../channel/channel.js';
import type { ProtocolError } from '../../errors.js';
import type { ChildOptions } from '../options/child-options.js';
import { agentPath, cachedStartPath } from './agent-path.js';
import { codeCacheFor } from './code-cache.js';
import { checkDirectory, directoriesFor } from './directories.js';
import { childEnv } from './environment.js';
import { flagsFor } from './flags.js';
import { forkOnSocket, spawnOnSocket } from './fork-on-socket.js';
import { startError } from './start-error.js';
import { layOutDescriptors, type SocketDescriptors } from './stdio.js';
import { checkUser } from './user.js';

export interface Launched extends SocketDescriptors {
  process: ChildProcess;
  /** The file of the program that the process runs. */
  program: string;
}

/**
 * Starts the agent. It connects by itself and waits for its `import`.
 * @param onGarbage called when invalid data arrived on a socket, which is closed then
 */
export function launch(options: ChildOptions, onGarbage: (error: ProtocolError) => void): Launched {
  return launchWith(options, (program, args, settings) =>
    options.channel === 'ipc'
      ? fork(program, args, settings)
      : forkOnSocket(program, args, { ...settings, runtime: options.runtime }, onGarbage),
  );
}

/** Starts the agent with a socket as its channel, which the caller reads and writes. */
export function launchOnSocket(options: ChildOptions): Launched & { socket: SocketLike | undefined } {
  let socket: SocketLike | undefined;
  const launched = launchWith(options, (program, args, settings) => {
    const spawned = spawnOnSocket(program, args, { ...settings, runtime: options.runtime });
    ({ socket } = spawned);
    return spawned.child;
  });
  return { ...launched, socket };
}

type Spawn = (program: string, args: readonly string[], settings: ForkOptions) => ChildProcess;

function launchWith(options: ChildOptions, spawn: Spawn): Launched {
  checkDirectory(options);
  checkUser(options);
  const { stdio, ...descriptors } = layOutDescriptors(options);
  const agent = String(options.agent ?? options.agentPath ?? agentPath());
  const env = childEnv(options);
  // Only the package has the program beside its agent that uses the cache.
  const isInPackage = options.agent === undefined && options.agentPath === undefined;
  const cache = isInPackage ? codeCacheFor(options, agent) : undefined;
  if (cache !== undefined) env.PROCXY_CODE_CACHE = cache;
  const program = cache === undefined ? agent : cachedStartPath();
  const settings: ForkOptions = {
    ...spawnSettings(options),
    env,
    execArgv: flagsFor(options, agent),
    stdio,
    serialization: options.serialization,
  };
  const args = options.args.map(toArgument);
  try {
    return { process: spawn(program, args, settings), program, ...descriptors };
  } catch (error) {
    throw startError(error, options);
  }
}

/** Returns the settings that have the same names as options of `spawn()`. */
export function spawnSettings(options: ChildOptions): ForkOptions & { windowsHide: boolean } {
  const { execPath, uid, gid, windowsHide } = options;
  const { start } = directoriesFor(options);
  return {
    windowsHide,
    ...(start !== undefined && { cwd: start }),
    ...(execPath !== undefined && { execPath }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  };
}

/** Formats a value for `process.argv`. */
function toArgument(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
}
