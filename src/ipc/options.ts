import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { OptionsValidationError, type ProtocolError } from '../errors.js';
import { warn } from '../warnings.js';

/**
 * The options of both ends of a channel.
 *
 * @example
 * ```ts
 * const options: IpcOptions = { maxMessageBytes: 64 * 1024 };
 * const child = spawnWithIpc('python3', ['worker.py'], options);
 * ```
 */
export interface IpcOptions {
  /**
   * The longest message that may arrive, in bytes of its line. A longer one is a {@link ProtocolError} as soon as that many bytes
   * have arrived, and closes the channel. The longest possible message has 512 MiB, the longest string of V8.
   * @default 268435456, which is 256 MiB
   */
  maxMessageBytes?: number | undefined;
  /**
   * Puts each sent message into an envelope, `{ "cmd": "NODE_HANDLE", "msg": … }`, as the Deka runtime does. Messages that arrive
   * in such an envelope are always unwrapped.
   * @default false
   */
  envelope?: boolean | undefined;
}

/** @throws {OptionsValidationError} */
export function checkLimit(maxMessageBytes = 256 * 1024 * 1024): number {
  if (maxMessageBytes === Infinity || (Number.isInteger(maxMessageBytes) && maxMessageBytes > 0))
    return maxMessageBytes;
  throw new OptionsValidationError(
    `The option \`maxMessageBytes\` must be a whole number of at least 1, or Infinity, but got ${inspect(maxMessageBytes)}.`,
  );
}

/** Emits `'error'`, or a warning if there is no listener: bytes from the other side must not end this process. */
export function reportTo(target: EventEmitter, peer: string): (error: ProtocolError) => void {
  return (error) => {
    if (target.listenerCount('error') > 0) target.emit('error', error);
    else warn('PROCXY_CHANNEL_FAILED', `The channel to ${peer} was closed. ${error.message}`);
  };
}
