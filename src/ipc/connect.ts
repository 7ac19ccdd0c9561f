import { EventEmitter } from 'node:events';
import { openChannel, takeInheritedChannel } from '../channel/inherited.js';
import { addMessageApi, type ChannelControl } from '../channel/message-api.js';
import { ChannelError } from '../errors.js';
import { enveloped } from './envelope.js';
import { checkLimit, reportTo, type IpcOptions } from './options.js';

/**
 * The options of `connectIpc()`. All are optional.
 *
 * @example
 * ```ts
 * const options: ConnectIpcOptions = { install: true };
 * connectIpc(options);
 * process.send?.({ ready: true });
 * ```
 */
export interface ConnectIpcOptions extends IpcOptions {
  /**
   * Makes `process` the channel, as in a child of `fork()`: `process.send()`, `process.on('message', …)` and so on.
   * @default false
   */
  install?: boolean | undefined;
}

/**
 * The events of an {@link IpcChannel}, with the arguments of their listeners.
 *
 * @example
 * ```ts
 * const names: (keyof IpcEvents)[] = ['message', 'disconnect', 'error'];
 * ```
 */
export interface IpcEvents {
  /** A message has arrived. */
  message: [message: unknown];
  /** The channel is closed, by either side. */
  disconnect: [];
  /** Invalid data arrived, or a message could not be sent. */
  error: [error: Error];
}

/**
 * A child's end of a channel. It has the members that `process` has in a child of `child_process.fork()`.
 *
 * @example
 * ```ts
 * function answer(channel: IpcChannel): void {
 *   channel.on('message', (message) => channel.send({ received: message }));
 * }
 * ```
 */
export interface IpcChannel extends EventEmitter<IpcEvents> {
  /** Whether the channel is open. */
  readonly connected: boolean;
  /**
   * After `ref()`, the channel keeps this process alive. After `unref()`, it does not. Until you call one of them, it does so while
   * `'message'` or `'disconnect'` has a listener. `null` once the channel is closed.
   */
  readonly channel: ChannelControl | null;
  /**
   * Sends a value that JSON can represent. The callback gets `null` when the message has left this process, or the error.
   * @returns `false` if the channel is closed, or if 128 KiB or more are waiting. Then await the callback before you send more.
   * @throws {TypeError} for a value that JSON cannot represent
   * @throws {HandleTransferError} for a handle
   */
  send(message: unknown, callback?: SendCallback): boolean;
  send(message: unknown, sendHandle: undefined | null, callback?: SendCallback): boolean;
  send(message: unknown, sendHandle: undefined | null, options?: object, callback?: SendCallback): boolean;
  /** Closes the channel once all sent messages are written. `'disconnect'` follows on both sides. */
  disconnect(): void;
}

/**
 * Called when a message has left this process, or could not be sent.
 *
 * @example
 * ```ts
 * const report: SendCallback = (error) => console.log(error ? `not sent: ${error.message}` : 'sent');
 * connectIpc()?.send({ ready: true }, report);
 * ```
 */
export type SendCallback = (error: Error | null) => void;

let connection: { channel: IpcChannel; installed: boolean } | undefined;

/**
 * Opens this process's end of the channel that `spawnWithIpc()` made, in Node, Bun or Deno. Later calls return the same channel.
 * Messages that arrive before there is a listener wait for one.
 *
 * @returns `undefined` if this process was started without a channel
 * @throws {ChannelError} if the channel's descriptor is not open, or `process` already has a channel of `fork()`
 * @throws {OptionsValidationError} for an invalid `maxMessageBytes`
 * @example
 * ```ts
 * const channel = connectIpc();
 * channel?.on('message', (message) => channel.send({ received: message }));
 * ```
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
    // A process has one channel. The variables are inherited from the parent, whose own channel they describe.
    return undefined;
  }
  const inherited = takeInheritedChannel();
  if (!inherited) return undefined;
  const socket = openChannel(inherited);
  const target: EventEmitter = install ? process : new EventEmitter();
  addMessageApi(target, socket, {
    dialect: enveloped(envelope),
    maxMessageBytes: limit,
    onlyWhileHeard: true,
    onError: reportTo(target, 'the parent process'),
  });
  // addMessageApi() has added the missing members.
  const channel = target as IpcChannel;
  connection = { channel, installed: install };
  return channel;
}

const tooLate =
  'connectIpc({ install: true }) was called after a connectIpc() without it. Pass `install` in the first call of the process.';
const taken =
  'connectIpc({ install: true }) cannot replace the channel of child_process.fork(), which `process` already has. Leave `install` out.';
