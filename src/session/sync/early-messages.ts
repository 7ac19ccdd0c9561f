import { messageFormat } from '../../channel/frames.js';
import type { Message } from '../../protocol.js';
import type { SerializationMode } from '../../types/serializable.js';

/** How copies of earlier messages travel with a blocking invocation. */
export interface EarlyFormat {
  /** Makes a copy that does not change with the values in the message. @throws if the message cannot be written */
  copy(message: Message): unknown;
  /** Makes the message again on the other side. */
  restore(copy: unknown): unknown;
}

/** In JSON mode, a message already is a copy of the user's values. In advanced mode, it may hold the values themselves. */
export function earlyFormat(mode: SerializationMode): EarlyFormat {
  if (mode === 'json') return { copy: (message) => message, restore: (copy) => copy };
  const { encode, decode } = messageFormat(mode);
  return { copy: encode, restore: (copy) => decode(copy as Buffer) };
}
