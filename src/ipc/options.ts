import type { EventEmitter } from 'node:events';
import { OptionsValidationError, type ProtocolError } from '../errors.js';
import { warn } from '../warnings.js';

/** The options of both ends of a channel. */
export interface IpcOptions {
  /**
   * The longest message that is taken, in bytes of its line. A longer one is a {@link ProtocolError}, and the channel is closed,
   * as soon as so much of it has come. No message is longer than 512 MiB, the longest text that V8 makes.
   * @default 268435456, which is 256 MiB
   */
  maxMessageBytes?: number | undefined;
  /**
   * Puts each message that is sent in an envelope, `{ "cmd": "NODE_HANDLE", "msg": … }`, as the Deka runtime does. One that
   * comes in such an envelope is taken out of it always.
   * @default false
   */
  envelope?: boolean | undefined;
}

/** @throws {OptionsValidationError} */
export function checkLimit(maxMessageBytes = 256 * 1024 * 1024): number {
  if (maxMessageBytes === Infinity || (Number.isInteger(maxMessageBytes) && maxMessageBytes > 0))
    return maxMessageBytes;
  throw new OptionsValidationError(
    `The option \`maxMessageBytes\` must be a whole number of 1 or more; it is ${String(maxMessageBytes)}.`,
  );
}

/** An `'error'` event where somebody listens for it, else a warning: what the other side writes must not end this process. */
export function reportTo(target: EventEmitter, peer: string): (error: ProtocolError) => void {
  return (error) => {
    if (target.listenerCount('error') > 0) target.emit('error', error);
    else warn('PROCXY_CHANNEL_FAILED', `The channel to ${peer} was closed. ${error.message}`);
  };
}
