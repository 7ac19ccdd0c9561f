import type { Codec, Encoded } from '../../codec/codec.js';
import { isLimitError } from '../../errors.js';
import type { Coded, Message, Wire } from '../../protocol.js';

/** A message to be sent, which is encoded only when its turn comes. */
export interface Parcel {
  /** The method or function that it belongs to, for error messages. */
  readonly method?: string | undefined;
  /** The event that it belongs to, for error messages. */
  readonly event?: string | undefined;
  /** When it was made, in the time of `now()`. Absent if its maker did not read the clock. */
  readonly time?: number;
  /** Makes the message. If it returns `undefined`, nothing is sent. */
  build(): Message | undefined;
  /** Called with the error that `build` threw, or with a `SerializationError` if the message could not be written. */
  failed(error: unknown): void;
}

/** Never throws. */
export type Send = (parcel: Parcel) => void;

/** Wraps a message without user values, which the channel can always write. */
export function withoutValue(message: Message): Parcel {
  return { build: () => message, failed: () => {} };
}

/** Marks messages that hold user objects, which may change as soon as user code continues. Serializers leave symbols out. */
const LIVE = Symbol('live');

/** Adds to a message the fields that describe its encoded values. */
export function annotate<M extends Message & { coded?: Coded }>(message: M, encoded: Encoded): M {
  if (encoded.coded) message.coded = encoded.coded;
  if (encoded.isLive) (message as { [LIVE]?: true })[LIVE] = true;
  return message;
}

/** Whether a message must be written immediately, before its values change. */
export function isLive(message: Message): boolean {
  return (message as { [LIVE]?: true })[LIVE] === true;
}

/** What is needed when a parcel cannot be sent. */
export interface Recovery {
  codec: Codec;
  /** Takes back the exports of a message that was not sent. */
  takeBack(coded: Coded | undefined): void;
  /** Asks the other side to give back functions that it no longer needs, so that the next export finds room. */
  makeRoom(): void;
}

/** Tells a parcel that its message could not be written. */
export function refuse(message: Message, parcel: Parcel, cause: unknown, { codec, takeBack }: Recovery): void {
  takeBack((message as { coded?: Coded }).coded);
  const [root, wire] = contentOf(message);
  parcel.failed(codec.explain(wire, { root, method: parcel.method, event: parcel.event }, cause));
}

/** Builds a parcel and writes its message immediately. Never throws: an error goes to the parcel. */
export function sendAtOnce(parcel: Parcel, write: (message: Message) => void, recovery: Recovery): void {
  let message: Message | undefined;
  try {
    message = parcel.build();
  } catch (error) {
    if (isLimitError(error)) recovery.makeRoom();
    return parcel.failed(error);
  }
  if (!message) return;
  try {
    write(message);
  } catch (cause) {
    refuse(message, parcel, cause, recovery);
  }
}

/** Returns the value that a message carries, and the root of its path in error messages. */
function contentOf(message: Message): [root: string, wire: Wire] {
  if ('args' in message) return ['args', message.args];
  if ('items' in message) return message.items.length === 1 ? ['item', message.items[0]] : ['items', message.items];
  if ('error' in message) return ['error', message.error];
  if ('reason' in message) return ['reason', message.reason];
  if (!('value' in message)) return ['message', undefined];
  if ('result' in message && message.result === 'error') return ['error', message.value];
  return [message.type.endsWith('-result') ? 'result' : 'value', message.value];
}
