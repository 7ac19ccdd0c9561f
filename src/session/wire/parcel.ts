import type { Codec, Encoded } from '../../codec/codec.js';
import { CallbackLimitError } from '../../errors.js';
import type { Coded, Message, Wire } from '../../protocol.js';

/** Something to be sent, which is encoded only when its turn has come. */
export interface Parcel {
  /** The method or function that it concerns, for the sentence of a refusal, */
  readonly method?: string | undefined;
  /** or the event, as a sentence shows it. */
  readonly event?: string | undefined;
  /** When it was made, as `now()` gives it, where somebody has looked at the clock. */
  readonly time?: number;
  /** Makes the message. Nothing is sent if it returns `undefined`. */
  build(): Message | undefined;
  /** Takes the error that `build` threw, or a `SerializationError` if the message could not be written. */
  failed(error: unknown): void;
}

/** Never throws. */
export type Send = (parcel: Parcel) => void;

/** A message without a value of the user's: the channel can always write it. */
export function withoutValue(message: Message): Parcel {
  return { build: () => message, failed: () => {} };
}

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

/** What is needed when a parcel cannot be sent. */
export interface Recovery {
  codec: Codec;
  /** Takes back what a message was to export. */
  takeBack(coded: Coded | undefined): void;
  /** Makes the other side give back functions that it does not need, so that the next export finds room. */
  makeRoom(): void;
}

/** Tells a parcel that its message could not be written. */
export function refuse(message: Message, parcel: Parcel, cause: unknown, { codec, takeBack }: Recovery): void {
  takeBack((message as { coded?: Coded }).coded);
  const [root, wire] = contentOf(message);
  parcel.failed(codec.explain(wire, { root, method: parcel.method, event: parcel.event }, cause));
}

/** Builds a parcel and writes its message at once. Never throws: the parcel takes what goes wrong. */
export function sendAtOnce(parcel: Parcel, write: (message: Message) => void, recovery: Recovery): void {
  let message: Message | undefined;
  try {
    message = parcel.build();
  } catch (error) {
    if (error instanceof CallbackLimitError) recovery.makeRoom();
    return parcel.failed(error);
  }
  if (!message) return;
  try {
    write(message);
  } catch (cause) {
    refuse(message, parcel, cause, recovery);
  }
}

/** The value that a message carries, and the name with which its path begins. */
function contentOf(message: Message): [root: string, wire: Wire] {
  if ('args' in message) return ['args', message.args];
  if ('items' in message) return message.items.length === 1 ? ['item', message.items[0]] : ['items', message.items];
  if ('error' in message) return ['error', message.error];
  if ('reason' in message) return ['reason', message.reason];
  if (!('value' in message)) return ['message', undefined];
  if ('result' in message && message.result === 'error') return ['error', message.value];
  return [message.type.endsWith('-result') ? 'result' : 'value', message.value];
}
