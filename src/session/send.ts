import { describeReason, SerializationError } from '../errors.js';
import type { Message } from '../protocol.js';

/**
 * Sends what `build` makes, on behalf of `method`; nothing where that is `undefined`. Never throws: what `build` throws, and
 * a {@link SerializationError} for a message that is too large or too deep, comes to `failed`.
 */
export type Send = (build: () => Message | undefined, method: string, failed: (error: unknown) => void) => void;

/** For a message that the channel could not write. */
export function unwritable(message: Pick<Message, 'type'>, method: string, cause: unknown): SerializationError {
  const root = message.type.endsWith('-result') ? 'result' : 'args';
  return new SerializationError(
    `${method}(): ${root} could not be written as one message (${describeReason(cause)}). Send it in smaller parts.`,
    root,
    { cause },
  );
}
