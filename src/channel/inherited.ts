import type { ChildProcess } from 'node:child_process';
import { connect, Socket, type NetConnectOpts } from 'node:net';
import { ChannelError, describeReason } from '../errors.js';
import { openNamedPipe, type PipeAddress } from './pipe-address.js';

/** The environment variables that name the descriptor of a channel for a child. The last two are for the Deka runtime. */
const DESCRIPTOR = 'PROCXY_IPC_FD';
const DEKA_DESCRIPTOR = 'DEKA_IPC_FD';
const DEKA_ENABLED = 'DEKA_IPC_ENABLED';
/** On Windows, most programs cannot inherit descriptors. These variables name a pipe instead, and what to write there first. */
const PIPE = 'PROCXY_IPC_PIPE';
const SECRET = 'PROCXY_IPC_SECRET';
/** The format of messages, unless they are lines of JSON. */
const FORMAT = 'PROCXY_IPC_FORMAT';

/** What the environment tells a child about its channel. */
export interface InheritedChannel {
  /** The number of a descriptor, or a pipe to open. */
  from: string | PipeAddress;
  format: ChannelFormat;
}

export type ChannelFormat = 'json' | 'v8';

export function channelEnv(from: number | PipeAddress, format: ChannelFormat = 'json'): Record<string, string> {
  if (typeof from === 'object')
    return { [PIPE]: from.path, [SECRET]: from.secret, ...(format !== 'json' && { [FORMAT]: format }) };
  return {
    [DESCRIPTOR]: `${from}`,
    ...(format === 'json' ? { [DEKA_DESCRIPTOR]: `${from}`, [DEKA_ENABLED]: '1' } : { [FORMAT]: format }),
  };
}

/**
 * Reads the variables and removes them from the environment, so that this process's own children do not inherit them. Returns
 * `undefined` if this process has no inherited channel.
 */
export function takeInheritedChannel(): InheritedChannel | undefined {
  const { env } = process;
  const descriptor = env[DESCRIPTOR] ?? (env[DEKA_ENABLED] === '1' ? env[DEKA_DESCRIPTOR] : undefined);
  const { [PIPE]: path, [SECRET]: secret } = env;
  const format = env[FORMAT] === 'v8' ? 'v8' : 'json';
  for (const name of [DESCRIPTOR, DEKA_DESCRIPTOR, DEKA_ENABLED, PIPE, SECRET, FORMAT]) delete env[name];
  const from = path !== undefined && secret !== undefined ? { path, secret } : descriptor;
  return from === undefined ? undefined : { from, format };
}

/** @throws {ChannelError} if the descriptor is not an inherited socket */
export function openChannel({ from }: InheritedChannel): Socket {
  return typeof from === 'string' ? openInherited(from) : openNamedPipe(from);
}

/**
 * Opens a socket that this process has inherited, in Node, Bun or Deno.
 * @throws {ChannelError} if the descriptor is not an inherited socket
 */
export function openInherited(descriptor: number | string): Socket {
  const fd = Number(descriptor);
  if (descriptor === '' || !Number.isInteger(fd) || fd < 0) {
    throw new ChannelError(`${DESCRIPTOR} must be the number of a descriptor, but got '${descriptor}'.`);
  }
  try {
    // In Bun, `new Socket({ fd })` can be neither read nor written. Node and Deno have no `connect({ fd })`.
    if ('bun' in process.versions) return connect({ fd } as unknown as NetConnectOpts);
    return new Socket({ fd, readable: true, writable: true });
  } catch (cause) {
    throw new ChannelError(
      `The descriptor ${fd} is not a Unix socket that this process has inherited (${describeReason(cause)}). The program that starts this process must pass it on.`,
      { cause },
    );
  }
}

/** Takes this side's end of a socket that a child inherits as `descriptor`. Returns `undefined` if Node could not open it. */
export function takeSocket(child: ChildProcess, descriptor: number): Socket | undefined {
  const stdio = child.stdio as (Socket | null)[] | undefined;
  const socket = stdio?.[descriptor] ?? undefined;
  // `null`, as fork() does for its channel: the user must not read the socket.
  if (stdio) stdio[descriptor] = null;
  return socket;
}
