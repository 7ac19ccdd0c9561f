import { closeSync, constants, openSync } from 'node:fs';
import type { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';
import { types } from 'node:util';
import { describeReason, HandleTransferError } from '../errors.js';
import type { DescriptorReference } from '../protocol.js';
import { isEmitter } from '../session/events/event-forwarder.js';
import { warn } from '../warnings.js';

type Received = Socket | Server | DatagramSocket | number;

/** The names of methods that may receive a handle, in the order in which they are tried. */
function receivers(handle: Received): string[] {
  if (typeof handle === 'number') return ['receiveFileDescriptor', 'receiveHandle'];
  if (handle instanceof Socket) return ['receiveSocket', 'setSocket', 'receiveHandle'];
  if (handle instanceof Server) return ['receiveServer', 'receiveHandle'];
  return ['receiveDgramSocket', 'receiveHandle'];
}

/** Opens the file of a reference. Drops the flags that would create or truncate it, since the parent has already done so. */
export function openDescriptor({ path, flags }: DescriptorReference): number {
  try {
    return openSync(path, flags & ~(constants.O_CREAT | constants.O_EXCL | constants.O_TRUNC));
  } catch (error) {
    throw new HandleTransferError(`The descriptor could not be opened in the child: ${describeReason(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Passes a handle to the instance.
 * @throws {HandleTransferError} if the instance accepts no handle; the handle is then closed
 */
export function receiveHandle(instance: object, handle: Received, id: unknown): void {
  const methods = instance as Record<string, unknown>;
  const names = receivers(handle);
  for (const name of names) {
    const method = methods[name];
    if (typeof method !== 'function') continue;
    const result: unknown = Reflect.apply(method as (...args: unknown[]) => unknown, instance, [handle, id]);
    // The handle is delivered. A later failure of the method is reported, but must not end the process.
    if (types.isPromise(result)) result.catch(tell);
    return;
  }
  if (isEmitter(instance) && instance.emit('handle', handle, id) === true) return;
  close(handle);
  throw new HandleTransferError(
    `The instance accepts no handle: it has none of the methods ${names.join(', ')} and no listener for its 'handle' event.`,
  );
}

function close(handle: Received): void {
  if (typeof handle === 'number') closeSync(handle);
  else if (handle instanceof Socket) handle.destroy();
  else handle.close();
}

function tell(error: unknown): void {
  warn('PROCXY_HANDLE_RECEIVER_FAILED', `A method that received a handle failed. ${describeReason(error)}`);
}
