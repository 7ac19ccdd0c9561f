import type { ChildProcess } from 'node:child_process';
import { connect, Socket, type NetConnectOpts } from 'node:net';
import { ChannelError, describeReason } from '../errors.js';

/** The environment variables that tell a child of its end of a channel. The second pair is that of the Deka runtime. */
const DESCRIPTOR = 'PROCXY_IPC_FD';
const DEKA_DESCRIPTOR = 'DEKA_IPC_FD';
const DEKA_ENABLED = 'DEKA_IPC_ENABLED';
/** How messages are written, where it is not as lines of JSON. */
const FORMAT = 'PROCXY_IPC_FORMAT';

/** What a child is told of its end of a channel. */
export interface InheritedChannel {
  /** The number of a descriptor. */
  descriptor: string;
  format: ChannelFormat;
}

export type ChannelFormat = 'json' | 'v8';

export function channelEnv(descriptor: number, format: ChannelFormat = 'json'): Record<string, string> {
  return {
    [DESCRIPTOR]: `${descriptor}`,
    ...(format === 'json' ? { [DEKA_DESCRIPTOR]: `${descriptor}`, [DEKA_ENABLED]: '1' } : { [FORMAT]: format }),
  };
}

/**
 * Takes it out of the environment, since it holds for one process: its children are not to inherit it. `undefined` where this
 * process was given no channel.
 */
export function takeInheritedChannel(): InheritedChannel | undefined {
  const { env } = process;
  const descriptor = env[DESCRIPTOR] ?? (env[DEKA_ENABLED] === '1' ? env[DEKA_DESCRIPTOR] : undefined);
  const format = env[FORMAT] === 'v8' ? 'v8' : 'json';
  for (const name of [DESCRIPTOR, DEKA_DESCRIPTOR, DEKA_ENABLED, FORMAT]) delete env[name];
  return descriptor === undefined ? undefined : { descriptor, format };
}

/**
 * Opens a Unix socket that this process has inherited, in Node, Bun or Deno.
 * @throws {ChannelError} when there is none of that number
 */
export function openInherited(descriptor: number | string): Socket {
  const fd = Number(descriptor);
  if (descriptor === '' || !Number.isInteger(fd) || fd < 0) {
    throw new ChannelError(`${DESCRIPTOR} must be the number of a descriptor; it is '${descriptor}'.`);
  }
  try {
    // Bun's `new Socket({ fd })` can be neither read nor written; the other two know no `connect({ fd })`.
    if ('bun' in process.versions) return connect({ fd } as unknown as NetConnectOpts);
    return new Socket({ fd, readable: true, writable: true });
  } catch (cause) {
    throw new ChannelError(
      `The descriptor ${fd} is no Unix socket that this process has inherited (${describeReason(cause)}). Whatever starts it must pass it on.`,
      { cause },
    );
  }
}

/** This side's end of a socket that a child inherits as `descriptor`. `undefined` where Node could not open it. */
export function takeSocket(child: ChildProcess, descriptor: number): Socket | undefined {
  const stdio = child.stdio as (Socket | null)[] | undefined;
  const socket = stdio?.[descriptor] ?? undefined;
  // As it is where fork() has its channel: it is not the user's to read.
  if (stdio) stdio[descriptor] = null;
  return socket;
}
