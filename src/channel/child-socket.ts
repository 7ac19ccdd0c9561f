import type { ChildProcess } from 'node:child_process';
import { setImmediate } from '../clock.js';
import type { SocketLike } from './channel.js';
import { channelEnv, takeSocket, type ChannelFormat } from './inherited.js';
import { NamedPipe } from './named-pipe.js';

/**
 * The name in `stdio` of a socket that a child in Node reads from its event loop. On Windows it is a pipe, and with `'pipe'` the child's
 * end would block. There, libuv makes the pipe and opens both ends before the child starts, so that no other process can open it.
 */
export const eventDriven = process.platform === 'win32' ? 'overlapped' : 'pipe';

/** Whether a program finds a socket that it inherits. On Windows only Node does, and programs that use C's descriptors. */
export function inheritsSockets(isNode: boolean): boolean {
  return isNode || process.platform !== 'win32';
}

export interface ChildSocketOptions {
  /** Whether the child inherits the socket. Otherwise it opens a pipe by its name. */
  inherits: boolean;
  /** The place of the channel in `stdio`. */
  descriptor: number;
  format: ChannelFormat;
}

/** What a child is started with, so that it finds its channel. */
export interface ChannelPlace {
  /** Stands in `stdio` at the descriptor of the channel. */
  stdio: typeof eventDriven | 'ignore';
  env: Record<string, string>;
}

export interface Started {
  child: ChildProcess;
  /** The parent's end of the channel. `undefined` if Node could not open it. */
  socket: SocketLike | undefined;
}

/** Starts a child with a channel. */
export function startWithSocket(
  { inherits, descriptor, format }: ChildSocketOptions,
  start: (place: ChannelPlace) => ChildProcess,
): Started {
  if (!inherits) return startWithPipe(format, start);
  const child = start({ stdio: eventDriven, env: channelEnv(descriptor, format) });
  return { child, socket: takeSocket(child, descriptor) };
}

function startWithPipe(format: ChannelFormat, start: (place: ChannelPlace) => ChildProcess): Started {
  const socket = new NamedPipe();
  try {
    const child = start({ stdio: 'ignore', env: channelEnv(socket.address, format) });
    child.once('exit', () => socket.childEnded());
    // The child was not started, and emits `'error'` first. A listener here would hide errors for which the user has none.
    if (child.pid === undefined) setImmediate(() => socket.destroy());
    return { child, socket };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
