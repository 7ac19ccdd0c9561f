import { EventEmitter } from 'node:events';
import { openInherited, takeInheritedChannel } from '../channel/inherited.js';
import { addMessageApi, type ChannelControl } from '../channel/message-api.js';
import { ChannelError } from '../errors.js';
import { enveloped } from './envelope.js';
import { checkLimit, reportTo, type IpcOptions } from './options.js';

export interface ConnectIpcOptions extends IpcOptions {
  /**
   * Makes `process` the channel, as it is in a child of `fork()`: `process.send()`, `process.on('message', …)` and the rest.
   * @default false
   */
  install?: boolean | undefined;
}

export interface IpcEvents {
  message: [message: unknown];
  disconnect: [];
  error: [error: Error];
}

/** A child's end of a channel. It has what `process` has in a child of `child_process.fork()`. */
export interface IpcChannel extends EventEmitter<IpcEvents> {
  /** Whether messages can be sent. */
  readonly connected: boolean;
  /**
   * `ref()` lets the channel keep this process alive, `unref()` not. Until one is called, it does while there are listeners of
   * `'message'` or `'disconnect'`. `null` once it is closed.
   */
  readonly channel: ChannelControl | null;
  /**
   * Sends what JSON can say. The callback is called with `null` when the message has left this process, else with the error.
   * @returns false when it could not be sent, or so much waits (128 KiB) that it is wise to await the callback
   * @throws {TypeError} for what JSON has no text for
   * @throws {HandleTransferError} for a handle
   */
  send(message: unknown, callback?: SendCallback): boolean;
  send(message: unknown, sendHandle: undefined | null, callback?: SendCallback): boolean;
  send(message: unknown, sendHandle: undefined | null, options?: object, callback?: SendCallback): boolean;
  /** Closes the channel when what was sent is written. `'disconnect'` follows on both sides. */
  disconnect(): void;
}

export type SendCallback = (error: Error | null) => void;

let connection: { channel: IpcChannel; installed: boolean } | undefined;

/**
 * Opens this process's end of the channel that `spawnWithIpc()` has made, in Node, Bun or Deno. There is one: further calls
 * return it again. Messages that come before somebody listens wait.
 *
 * @returns `undefined` when this process was started without a channel
 * @throws {ChannelError} when the channel's descriptor is not open, or `process` has a channel of `fork()` already
 * @throws {OptionsValidationError} for a `maxMessageBytes` that is no limit
 */
export function connectIpc(options: ConnectIpcOptions = {}): IpcChannel | undefined {
  const { install = false, envelope = false, maxMessageBytes } = options;
  const limit = checkLimit(maxMessageBytes);
  if (connection) {
    if (install && !connection.installed) throw new ChannelError(tooLate);
    return connection.channel;
  }
  if (typeof process.send === 'function') {
    if (install) throw new ChannelError(taken);
    // A process has one channel. The variables are those of the one that forked this, and hold for that alone.
    return undefined;
  }
  const inherited = takeInheritedChannel();
  if (!inherited) return undefined;
  const socket = openInherited(inherited.descriptor);
  const target: EventEmitter = install ? process : new EventEmitter();
  addMessageApi(target, socket, {
    dialect: enveloped(envelope),
    maxMessageBytes: limit,
    onlyWhileHeard: true,
    onError: reportTo(target, 'the parent process'),
  });
  // It has been given what it lacked.
  const channel = target as IpcChannel;
  connection = { channel, installed: install };
  return channel;
}

const tooLate =
  'connectIpc({ install: true }) came after a connectIpc() without it. Ask for it in the first call of the process.';
const taken =
  'connectIpc({ install: true }): `process` has a channel already, that of child_process.fork(). Leave `install` out.';
