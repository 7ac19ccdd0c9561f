import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { channelEnv, takeSocket } from '../channel/inherited.js';
import { addMessageApi } from '../channel/message-api.js';
import { ChannelError, OptionsValidationError } from '../errors.js';
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
 * Starts a program in any language, with a channel to it. The channel is a Unix socket that the program inherits. Both sides write
 * each message as a line of JSON. The variable `PROCXY_IPC_FD` tells the child which descriptor it is.
 *
 * The `ChildProcess` has `send()`, `disconnect()`, `connected`, `channel`, `'message'` and `'disconnect'`, like one of `fork()`.
 * An `'ipc'` in `stdio` chooses the descriptor of the channel. Without it, the channel follows the other descriptors.
 *
 * @param command the program: a path, or a name to find in `PATH`
 * @throws {ChannelError} on Windows
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
  if (process.platform === 'win32') {
    throw new ChannelError(
      'spawnWithIpc() needs a Unix socket that the child inherits, which Windows does not have. Use child_process.fork() there.',
    );
  }
  const { maxMessageBytes, envelope = false, serialization, ...rest } = options;
  if (serialization === 'advanced') {
    throw new OptionsValidationError(
      "spawnWithIpc() carries JSON, but got `serialization: 'advanced'`, which only Node reads. Leave it out, or use fork().",
    );
  }
  const limit = checkLimit(maxMessageBytes);
  const { stdio, descriptor } = withSocket(rest.stdio);
  const env = { ...(rest.env ?? process.env), ...channelEnv(descriptor) };
  const child = spawn(command, args, { ...rest, env, stdio });
  const socket = takeSocket(child, descriptor);
  if (!socket) return child;
  addMessageApi(child, socket, {
    dialect: enveloped(envelope),
    maxMessageBytes: limit,
    onError: reportTo(child, `the child process ${child.pid ?? command}`),
  });
  return child;
}

function withSocket(standard: StdioOptions = 'pipe'): { stdio: StdioOptions; descriptor: number } {
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
  stdio[descriptor] = 'pipe';
  return { stdio, descriptor };
}
