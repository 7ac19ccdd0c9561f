import type { Encoded } from '../../codec/codec.js';
import { describeReason, SerializationError } from '../../errors.js';
import type { Coded, Message } from '../../protocol.js';

/** Something to be sent, which is encoded only when its turn has come. */
export interface Parcel {
  /** For whose sake. */
  readonly method: string;
  /** When it was made, as `now()` gives it, where somebody has looked at the clock. */
  readonly time?: number;
  /** Makes the message; nothing is sent where that is `undefined`. */
  build(): Message | undefined;
  /** What `build` has thrown, and a {@link SerializationError} for a message that is too large or too deep. */
  failed(error: unknown): void;
}

/** Never throws. */
export type Send = (parcel: Parcel) => void;

/** Messages that hold objects of the user's own, which may change as soon as the user's code goes on. */
const live = new WeakSet<Message>();

/** Puts into a message what it must say of the values in it. */
export function annotate<M extends Message & { coded?: Coded }>(message: M, encoded: Encoded): M {
  if (encoded.coded) message.coded = encoded.coded;
  if (encoded.isLive) live.add(message);
  return message;
}

/** Whether it must be written at once. */
export function isLive(message: Message): boolean {
  return live.has(message);
}

/** For a message that the channel could not write. */
export function unwritable(message: Pick<Message, 'type'>, method: string, cause: unknown): SerializationError {
  const root = message.type.endsWith('-result') ? 'result' : 'args';
  return new SerializationError(
    `${method}(): ${root} could not be written as one message (${describeReason(cause)}). Send it in smaller parts.`,
    root,
    { cause },
  );
}
