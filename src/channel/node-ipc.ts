import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Channel, Handle } from './channel.js';

/** One end of the channel that `fork()` sets up: a `ChildProcess` in the parent, `process` in the child. */
export type IpcPort = Pick<ChildProcess, 'connected' | 'send' | 'disconnect' | 'on' | 'once' | 'off'>;

/** Node's own IPC channel. */
export function nodeIpcChannel(port: IpcPort): Channel {
  let onMessage: ((message: unknown, handle?: Handle) => void) | undefined;
  /** Handed to Node, which has not yet said that they are delivered. */
  const underway = new Set<Handle>();
  port.once('disconnect', () => underway.forEach(closeTransferred));

  function sendWithHandle(message: object, handle: Handle): void {
    underway.add(handle);
    port.send(message, handle, undefined, (error) => {
      underway.delete(handle);
      if (error) closeTransferred(handle);
    });
  }

  return {
    send(message, handle) {
      if (!port.connected) {
        if (handle) closeTransferred(handle);
      } else if (handle) sendWithHandle(message, handle);
      // With a callback, a write that fails because the other side is gone comes here and not as an 'error' event.
      else port.send(message, undefined, undefined, ignore);
    },
    onMessage(listener) {
      onMessage = listener as typeof onMessage;
      port.on('message', listener as (message: unknown) => void);
    },
    onClose(listener) {
      port.once('disconnect', listener);
    },
    close() {
      if (onMessage) port.off('message', onMessage);
      if (port.connected) port.disconnect();
    },
  };
}

/** A socket has left this process or is lost; a server and a datagram socket are still the sender's. */
function closeTransferred(handle: Handle): void {
  if (handle instanceof Socket) handle.destroy();
}

function ignore(): void {}
