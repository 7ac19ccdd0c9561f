import { createSocket, Socket as DatagramSocket, type SocketType } from 'node:dgram';
import { Server, Socket } from 'node:net';
import type { HandleDescription } from '../protocol.js';
import type { Handle, NativeHandle } from './channel.js';

/**
 * Node's socket and server objects start to read, accept or fail as soon as they exist. So a handle travels as the native handle
 * beneath it, as in `cluster`. It becomes an object only when the code that uses it runs. Meanwhile, the operating system keeps
 * data, connections, datagrams and resets.
 */

/** Describes what the other process must know to recreate the object. */
export function describeHandle(handle: Handle): HandleDescription {
  if (handle instanceof Socket) return { kind: 'socket', allowHalfOpen: handle.allowHalfOpen };
  if (handle instanceof DatagramSocket)
    return { kind: 'dgram', type: (handle as unknown as { type: SocketType }).type };
  const { allowHalfOpen, pauseOnConnect } = handle as unknown as Record<'allowHalfOpen' | 'pauseOnConnect', boolean>;
  return { kind: 'server', allowHalfOpen, pauseOnConnect };
}

/** Returns the native handle of an open socket or server. `undefined` if it has none, like the server of a cluster worker. */
export function nativeOf(handle: Handle): NativeHandle | undefined {
  const native = handle instanceof DatagramSocket ? datagramHandle(handle) : (handle as { _handle?: unknown })._handle;
  return isNative(native) ? native : undefined;
}

export function isNative(value: unknown): value is NativeHandle {
  const name = (value as { constructor?: { name?: unknown } } | null | undefined)?.constructor?.name;
  return name === 'TCP' || name === 'Pipe' || name === 'UDP';
}

/** Makes the object. It emits nothing before the next turn of the event loop. */
export function objectOf(native: NativeHandle, description: HandleDescription): Handle {
  switch (description.kind) {
    case 'socket':
      return new Socket({ handle: native, allowHalfOpen: description.allowHalfOpen } as object);
    case 'server':
      return new Server(description).listen(native);
    case 'dgram':
      // The native handle takes the place of the port. Node itself does this for a socket that has arrived.
      return createSocket(description.type).bind(native as never);
  }
}

/** Reads the state that a datagram socket keeps under a symbol: `socket._handle` would print a deprecation warning. */
function datagramHandle(socket: DatagramSocket): unknown {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  return symbol && (socket as unknown as Record<symbol, { handle?: unknown } | undefined>)[symbol]?.handle;
}

/** The native handles of sockets that `stopReading()` has stopped. */
const stopped = new WeakSet<NativeHandle>();

/**
 * Stops reading, since the other process would not get data that this one reads. It must stop the native handle: after `pause()`,
 * a socket continues to read into its buffer.
 */
export function stopReading(handle: Handle): void {
  const native = readerOf(handle);
  if (!native?.reading) return;
  native.reading = false;
  native.readStop();
  stopped.add(native);
}

/** Resumes reading if the handle stays in this process. The stream would not, since it does not know that reading was stopped. */
export function readOn(handle: Handle): void {
  const native = readerOf(handle);
  if (!native || !stopped.delete(native)) return;
  native.reading = true;
  native.readStart();
}

interface Reader extends NativeHandle {
  reading: boolean;
  readStop(): void;
  readStart(): void;
}

/** Returns `undefined` for a closed socket, and for handles that are not sockets. */
function readerOf(handle: Handle): Reader | undefined {
  const native = handle instanceof Socket ? nativeOf(handle) : undefined;
  return native && 'readStop' in native ? (native as Reader) : undefined;
}
