import { messageFormat } from '../../channel/frames.js';
import type { Message } from '../../protocol.js';
import type { SerializationMode } from '../../types/serializable.js';

/** How copies of messages travel with an invocation for which a process blocks. */
export interface EarlyFormat {
  /** A copy that does not change when the values in the message do. @throws when the message cannot be written */
  copy(message: Message): unknown;
  /** The message again, on the other side. */
  restore(copy: unknown): unknown;
}

/** In JSON mode a message is a copy of the user's values already. In advanced mode it may hold the values themselves. */
export function earlyFormat(mode: SerializationMode): EarlyFormat {
  if (mode === 'json') return { copy: (message) => message, restore: (copy) => copy };
  const { encode, decode } = messageFormat(mode);
  return { copy: encode, restore: (copy) => decode(copy as Buffer) };
}
