import type { EventEmitter } from 'node:events';
import { nextTick } from '../clock.js';
import { HandleTransferError, type ProtocolError } from '../errors.js';
import type { SocketLike } from './channel.js';
import type { StreamFormat } from './dialect.js';
import { MessageSocket, type Written } from './message-socket.js';
import { alreadyDisconnected, channelClosed, checkMessage, checkSendOptions } from './node-errors.js';

/** If more bytes than this are unsent, `send()` returns false. The same limit as Node's. */
const HIGH_WATER = 128 * 1024;

export interface MessageApiOptions {
  dialect: StreamFormat;
  /** The longest message that is accepted, in bytes. */
  maxMessageBytes: number;
  /** Whether the channel keeps this process alive only while it has listeners, as in a child of `fork()`. Default: `false` */
  onlyWhileHeard?: boolean;
  /** Called when data is not a message, or a message is incomplete. `'disconnect'` follows. */
  onError(error: ProtocolError): void;
}

/**
 * The type of `process.channel`.
 *
 * @example
 * ```ts
 * connectIpc()?.channel?.unref(); // this process may end although the channel is open
 * ```
 */
export interface ChannelControl {
  /** Makes the channel keep this process alive. */
  ref(): void;
  /** Lets this process end although the channel is open. */
  unref(): void;
}

/** The members that {@link addMessageApi} adds to an emitter. */
export interface MessageApi {
  readonly connected: boolean;
  /** `null` once the channel is closed. */
  readonly channel: ChannelControl | null;
  send(message: unknown, ...rest: unknown[]): boolean;
  disconnect(): void;
}

/**
 * Adds to an emitter what `fork()` adds to a `ChildProcess`, and to `process` in the child: `send()`, `disconnect()`, `connected`,
 * `channel`, and the events `'message'` and `'disconnect'`. They behave as Node's do, except that handles cannot be sent. It
 * takes ownership of the socket.
 */
export function addMessageApi(target: EventEmitter, socket: SocketLike, options: MessageApiOptions): void {
  let connected = true;
  /** Messages that arrived before a listener was added. */
  let unheard: unknown[] = [];
  /** How many messages wait for their tick. */
  let inTicks = 0;

  const isHeard = (): boolean => target.listenerCount('message') > 0;
  const emit = (message: unknown): void => {
    // Messages that wait go first.
    if (unheard.length === 0 && isHeard()) target.emit('message', message, undefined);
    else unheard.push(message);
  };
  /** Emits a message in a tick of its own, so that a listener that throws does not affect other messages. */
  const emitInTick = (message: unknown): void => {
    inTicks++;
    nextTick(emitNext, message);
  };
  const emitNext = (message: unknown): void => {
    inTicks--;
    emit(message);
  };
  const emitUnheard = (): void => {
    if (!isHeard()) return;
    const waiting = unheard;
    unheard = [];
    for (const message of waiting) emitInTick(message);
  };
  const messages = new MessageSocket(socket, {
    ...options,
    onMessage(message, isAlone) {
      if (!isAlone || inTicks > 0) return emitInTick(message);
      try {
        emit(message);
      } catch (error) {
        nextTick(rethrow, error);
      }
    },
    // After the messages before it.
    onError: (error) => nextTick(options.onError, error),
    onUnwritten: (error) => target.emit('error', error),
    onEnd: () => end(),
  });
  const control = controlOf(target, messages, options.onlyWhileHeard ?? false);
  const end = (): void => {
    connected = false;
    nextTick(() => target.emit('disconnect'));
  };
  target.on('newListener', () => {
    // `newListener` comes before the listener is added.
    if (unheard.length > 0) nextTick(emitUnheard);
  });

  const define = (name: keyof MessageApi, property: PropertyDescriptor): unknown =>
    Object.defineProperty(target, name, { configurable: true, enumerable: true, ...property });
  define('connected', { get: () => connected });
  define('channel', { get: () => (connected ? control : null) });
  define('send', {
    writable: true,
    value(message: unknown, ...rest: unknown[]): boolean {
      const { handle, written } = readSendArguments(rest);
      if (!connected) {
        const error = channelClosed();
        nextTick(written ?? (() => target.emit('error', error)), error);
        return false;
      }
      checkMessage(message);
      if (handle) throw handleRefused();
      messages.send(message, written);
      return messages.backlog < HIGH_WATER;
    },
  });
  define('disconnect', {
    writable: true,
    value(): void {
      if (!connected) {
        target.emit('error', alreadyDisconnected());
        return;
      }
      messages.close();
      end();
    },
  });
}

/** Makes `process.channel`. An explicit `ref()` or `unref()` overrides the effect of listeners. */
function controlOf(target: EventEmitter, messages: MessageSocket, onlyWhileHeard: boolean): ChannelControl {
  let isExplicit = false;
  if (onlyWhileHeard) {
    const isHeard = (): boolean => target.listenerCount('message') + target.listenerCount('disconnect') > 0;
    if (!isHeard()) messages.unref();
    target.on('newListener', (event) => {
      if (!isExplicit && (event === 'message' || event === 'disconnect')) messages.ref();
    });
    target.on('removeListener', () => {
      if (!isExplicit && !isHeard()) messages.unref();
    });
  }
  const set = (change: 'ref' | 'unref') => (): void => {
    isExplicit = true;
    messages[change]();
  };
  return { ref: set('ref'), unref: set('unref') };
}

/** The code that reads the socket must not fail with a listener. */
function rethrow(error: unknown): never {
  throw error;
}

/** Reads the optional arguments `(handle?, options?, callback?)`. */
function readSendArguments([handle, options, callback]: unknown[]): { handle?: unknown; written?: Written } {
  if (typeof handle === 'function') return { written: handle as Written };
  if (typeof options === 'function') return { handle, written: options as Written };
  checkSendOptions(options);
  return typeof callback === 'function' ? { handle, written: callback as Written } : { handle };
}

function handleRefused(): HandleTransferError {
  return new HandleTransferError(
    'send(): a handle cannot cross on this channel, which carries only text. Start the child with fork(), or send an address ' +
      'for it to connect to.',
  );
}
