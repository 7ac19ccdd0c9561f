import { createSocket, Socket as DatagramSocket, type SocketType } from 'node:dgram';
import { Server, Socket } from 'node:net';
import type { HandleDescription } from '../protocol.js';
import type { Handle, NativeHandle } from './channel.js';

/**
 * Node's objects for sockets and servers read, accept and fail from the moment in which they exist. So a handle travels as the
 * native one beneath it, as `cluster` sends them, and becomes an object when the code that wants it runs. The operating system
 * keeps what comes meanwhile: data, connections, datagrams, a reset.
 */

/** What the other process must know to make the object again. */
export function describeHandle(handle: Handle): HandleDescription {
  if (handle instanceof Socket) return { kind: 'socket', allowHalfOpen: handle.allowHalfOpen };
  if (handle instanceof DatagramSocket)
    return { kind: 'dgram', type: (handle as unknown as { type: SocketType }).type };
  const { allowHalfOpen, pauseOnConnect } = handle as unknown as Record<'allowHalfOpen' | 'pauseOnConnect', boolean>;
  return { kind: 'server', allowHalfOpen, pauseOnConnect };
}

/** The native handle of an open socket or server; `undefined` where it has none of its own, as a server of a cluster's worker. */
export function nativeOf(handle: Handle): NativeHandle | undefined {
  const native = handle instanceof DatagramSocket ? datagramHandle(handle) : (handle as { _handle?: unknown })._handle;
  return isNative(native) ? native : undefined;
}

export function isNative(value: unknown): value is NativeHandle {
  const name = (value as { constructor?: { name?: unknown } } | null | undefined)?.constructor?.name;
  return name === 'TCP' || name === 'Pipe' || name === 'UDP';
}

/** Makes the object. Nothing of it happens before the event loop turns. */
export function objectOf(native: NativeHandle, description: HandleDescription): Handle {
  switch (description.kind) {
    case 'socket':
      return new Socket({ handle: native, allowHalfOpen: description.allowHalfOpen } as object);
    case 'server':
      return new Server(description).listen(native);
    case 'dgram':
      // A native handle in the place of the port, as Node itself does it for a socket that has arrived.
      return createSocket(description.type).bind(native as never);
  }
}

/** `socket._handle` warns that it is deprecated; the state that it reads is kept under a symbol. */
function datagramHandle(socket: DatagramSocket): unknown {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  return symbol && (socket as unknown as Record<symbol, { handle?: unknown } | undefined>)[symbol]?.handle;
}

/** Sockets whose reading was stopped here. */
const stopped = new WeakSet<NativeHandle>();

/**
 * What this process reads from now on, the other would never see. Only the native handle can be told to stop: `pause()` lets a
 * socket read on into its buffer.
 */
export function stopReading(handle: Handle): void {
  const native = readerOf(handle);
  if (!native?.reading) return;
  native.reading = false;
  native.readStop();
  stopped.add(native);
}

/** Reads on, where the handle stays in this process: the stream takes its reading for under way, and would not start it again. */
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

/** `undefined` for a socket that is closed, and for what is not a socket. */
function readerOf(handle: Handle): Reader | undefined {
  const native = handle instanceof Socket ? nativeOf(handle) : undefined;
  return native && 'readStop' in native ? (native as Reader) : undefined;
}
