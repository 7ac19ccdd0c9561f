import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { channelEnv, takeSocket } from '../channel/inherited.js';
import { addMessageApi } from '../channel/message-api.js';
import { ChannelError, OptionsValidationError } from '../errors.js';
import { enveloped } from './envelope.js';
import { checkLimit, reportTo, type IpcOptions } from './options.js';

/** The options of `child_process.spawn()`, and those of the channel. */
export interface SpawnWithIpcOptions extends SpawnOptions, IpcOptions {}

/**
 * Starts a program, in whatever language, with a channel to it: a Unix socket that it inherits, on which both sides write
 * messages as lines of JSON. The child is told the descriptor in `PROCXY_IPC_FD`.
 *
 * The `ChildProcess` has `send()`, `disconnect()`, `connected`, `channel`, `'message'` and `'disconnect'` as one has that
 * `fork()` returns. An `'ipc'` in `stdio` says which descriptor the channel is; without it, it comes after the others.
 *
 * @param command the program: a path, or a name to be found in `PATH`
 * @throws {ChannelError} on Windows
 * @throws {OptionsValidationError} for a `maxMessageBytes` that is no limit, an 'ipc' in `stdio` that is a standard stream or a second one, and advanced serialization
 */
export function spawnWithIpc(
  command: string,
  args: readonly string[] = [],
  options: SpawnWithIpcOptions = {},
): ChildProcess {
  if (process.platform === 'win32') {
    throw new ChannelError(
      'spawnWithIpc() needs Unix sockets that a child inherits, which Windows does not have. Use child_process.fork() there.',
    );
  }
  const { maxMessageBytes, envelope = false, serialization, ...rest } = options;
  if (serialization === 'advanced') {
    throw new OptionsValidationError(
      "spawnWithIpc(): `serialization: 'advanced'` is what only Node speaks, and this channel carries JSON. Start the child with fork().",
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
    throw new OptionsValidationError("`stdio` may hold 'ipc' only once.");
  const given = stdio.indexOf('ipc');
  if (given >= 0 && given < 3)
    throw new OptionsValidationError(`The channel cannot be a standard stream: \`stdio[${given}]\` must not be 'ipc'.`);
  const descriptor = given === -1 ? Math.max(stdio.length, 3) : given;
  while (stdio.length < descriptor) stdio.push('pipe');
  stdio[descriptor] = 'pipe';
  return { stdio, descriptor };
}
