import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { inheritsSockets, startWithSocket } from '../channel/child-socket.js';
import { addMessageApi } from '../channel/message-api.js';
import { OptionsValidationError } from '../errors.js';
import { enveloped } from './envelope.js';
import { checkLimit, reportTo, type IpcOptions } from './options.js';

/**
 * The options of `child_process.spawn()` and of the channel.
 *
 * @example
 * ```ts
 * const options: SpawnWithIpcOptions = { cwd: '/srv/jobs', maxMessageBytes: 1024 * 1024 };
 * const child = spawnWithIpc('python3', ['worker.py'], options);
 * ```
 */
export interface SpawnWithIpcOptions extends SpawnOptions, IpcOptions {}

/**
 * Starts a program in any language, with a channel to it. Both sides write each message as a line of JSON. The channel is a Unix socket
 * that the program inherits: the variable `PROCXY_IPC_FD` has the number of its descriptor. On Windows, it is a named pipe: the program
 * opens the path in `PROCXY_IPC_PIPE`, and writes `PROCXY_IPC_SECRET` and a line feed there first.
 *
 * The `ChildProcess` has `send()`, `disconnect()`, `connected`, `channel`, `'message'` and `'disconnect'`, like one of `fork()`.
 * An `'ipc'` in `stdio` chooses the descriptor of the channel. Without it, the channel follows the other descriptors.
 *
 * @param command the program: a path, or a name to find in `PATH`
 * @throws {OptionsValidationError} for an invalid `maxMessageBytes`, advanced serialization, or an `'ipc'` in `stdio` that is a
 *   standard stream or a second one
 * @example
 * ```ts
 * const child = spawnWithIpc('python3', ['worker.py']);
 * child.on('message', (message) => console.log(message));
 * child.send({ word: 'hello' });
 * ```
 */
export function spawnWithIpc(
  command: string,
  args: readonly string[] = [],
  options: SpawnWithIpcOptions = {},
): ChildProcess {
  const { maxMessageBytes, envelope = false, serialization, ...rest } = options;
  if (serialization === 'advanced') {
    throw new OptionsValidationError(
      "spawnWithIpc() carries JSON, but got `serialization: 'advanced'`, which only Node reads. Leave it out, or use fork().",
    );
  }
  const limit = checkLimit(maxMessageBytes);
  const { stdio, descriptor } = withChannel(rest.stdio);
  const inherits = inheritsSockets(false);
  const { child, socket } = startWithSocket({ inherits, descriptor, format: 'json' }, (place) => {
    stdio[descriptor] = place.stdio;
    return spawn(command, args, { ...rest, env: { ...(rest.env ?? process.env), ...place.env }, stdio });
  });
  if (!socket) return child;
  addMessageApi(child, socket, {
    dialect: enveloped(envelope),
    maxMessageBytes: limit,
    onError: reportTo(child, `the child process ${child.pid ?? command}`),
  });
  return child;
}

/** Returns the child's descriptors, and where the channel belongs among them. */
function withChannel(standard: StdioOptions = 'pipe'): {
  stdio: Exclude<StdioOptions, string>;
  descriptor: number;
} {
  const stdio = typeof standard === 'string' ? [standard, standard, standard] : [...standard];
  if (stdio.filter((each) => each === 'ipc').length > 1)
    throw new OptionsValidationError(
      "spawnWithIpc() makes one channel, but got 'ipc' twice in `stdio`. Leave one out.",
    );
  const given = stdio.indexOf('ipc');
  if (given >= 0 && given < 3)
    throw new OptionsValidationError(
      `spawnWithIpc() cannot use a standard stream as the channel, but got 'ipc' as \`stdio[${given}]\`. Put it at index 3 or later.`,
    );
  const descriptor = given === -1 ? Math.max(stdio.length, 3) : given;
  while (stdio.length < descriptor) stdio.push('pipe');
  return { stdio, descriptor };
}
