import { Socket } from 'node:net';
import type { SocketLike } from './channel.js';

/** The option `onread` of a socket: it reads into memory that the option gives, and not into chunks of its own. */
export interface OnRead {
  /** Returns the memory for the next read. Called before each one. */
  buffer(): Uint8Array;
  /** Takes what was read. Reading pauses until `resume()` if it returns `false`. */
  callback(length: number, memory: Uint8Array): boolean;
}

/** Node's internal object beneath a socket. */
interface NativeStream {
  /** Present if the object can read into given memory. */
  useUserBuffer?: unknown;
}

interface Opened extends Omit<Socket, '_handle'> {
  _handle?: NativeStream | null;
}

/** Bun and Deno have objects of the same names, which cannot do this. */
const isNode = !('bun' in process.versions) && !('deno' in process.versions);

/**
 * Moves an open connection to a new socket that reads with `onread`. Node has this option only for a socket that is being
 * created, and creates the sockets of a child's `stdio` itself. Call it before the socket has read anything: in the turn of
 * the event loop in which it was opened, or while it is paused.
 *
 * @returns the new socket. The given one is closed, and the connection is not. `undefined` if the given one must be used:
 *   it is still connecting, has read, is closed, or belongs to another runtime
 */
export function adopt(given: SocketLike, onread: OnRead): Socket | undefined {
  const opened = given as unknown as Opened;
  const native = opened._handle;
  if (!isNode || opened.connecting || opened.readableLength > 0 || typeof native?.useUserBuffer !== 'function')
    return undefined;
  opened._handle = null;
  opened.destroy();
  return new Socket({ handle: native, allowHalfOpen: opened.allowHalfOpen, onread } as object);
}
