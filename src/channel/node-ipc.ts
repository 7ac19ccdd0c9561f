import type { ChildProcess } from 'node:child_process';
import type { ArrivedHandle, Channel, Handle } from './channel.js';
import { isJsonChanged, withPlainJson } from '../plain-json.js';
import { nativeOf } from './native-handles.js';

/** One end of the channel that `fork()` sets up: a `ChildProcess` in the parent, `process` in the child. */
export type IpcPort = Pick<ChildProcess, 'connected' | 'send' | 'disconnect' | 'on' | 'once' | 'off' | 'listenerCount'>;

/** Node's own IPC channel. */
export function nodeIpcChannel(port: IpcPort): Channel {
  const { send } = port;
  let onMessage: ((message: unknown, handle?: ArrivedHandle) => void) | undefined;
  let isHeard = port.listenerCount('message') > 0;
  let onWatched = (): void => {};

  const onNewListener = (event: string | symbol, listener: unknown): void => {
    if (event !== 'message' || listener === onMessage) return;
    port.off('newListener', onNewListener);
    isHeard = true;
    onWatched();
  };
  if (!isHeard) port.on('newListener', onNewListener);

  // With a callback, a write that fails because the other side has gone calls it, instead of emitting an 'error' event.
  const write = (message: object, handle: Handle | undefined, written: () => void): void => {
    if (!port.connected) return;
    // Only a handle needs options, which Node would check and copy for each message.
    if (handle) port.send(message, nativeOf(handle) as never, { keepOpen: true }, written);
    else port.send(message, written);
  };

  return {
    isWatched: () => isHeard || port.send !== send,
    send(message, handle, written = () => {}) {
      if (isJsonChanged()) withPlainJson(() => write(message, handle, written));
      else write(message, handle, written);
    },
    sendUnseen(message, written = () => {}) {
      if (port.connected) withPlainJson(() => Reflect.apply(send, port, [message, written]) as unknown);
    },
    onMessage(listener) {
      onMessage = listener as typeof onMessage;
      port.on('message', listener as (message: unknown) => void);
    },
    onWatched(listener) {
      onWatched = listener;
    },
    onClose(listener) {
      port.once('disconnect', listener);
    },
    close() {
      port.off('newListener', onNewListener);
      if (onMessage) port.off('message', onMessage);
      if (port.connected) port.disconnect();
    },
  };
}
