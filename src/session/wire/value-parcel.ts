import type { Codec, Encoded } from '../../codec/codec.js';
import { describeReason, SerializationError } from '../../errors.js';
import type { Coded, Message, Wire } from '../../protocol.js';
import { annotate, type Parcel, type Send } from './parcel.js';

/** How to make a message that carries a value, or an error instead of it. */
export interface Form<Head> {
  /** The root of the value's path in error messages: `result`, `args`, `reason`. */
  readonly root: string;
  /** @param wire the encoded value; `undefined` if the value itself is `undefined` */
  success(head: Head, wire: Wire): Message & { coded?: Coded };
  failure(head: Head, wire: Wire): Message & { coded?: Coded };
}

/** What all parcels of one sender share. */
export interface Sender<Head> {
  readonly codec: Codec;
  readonly form: Form<Head>;
  readonly send: Send;
}

/**
 * A message that carries a user value. If the value cannot be encoded or written, an error replaces it, so that the other side
 * always gets an answer:
 *
 * | stage | what is sent | next stage if that fails |
 * |---|---|---|
 * | `open` | nothing yet | |
 * | `value` | the value | `refusal` |
 * | `error` | an error that was thrown | `refusal` |
 * | `refusal` | the error about that, with its path and cause | `plain`, since the cause may be unwritable too |
 * | `plain` | the message and path of that error | none: the channel cannot write any message |
 */
export class ValueParcel<Head> implements Parcel {
  readonly method: string | undefined;
  readonly event: string | undefined;
  readonly #sender: Sender<Head>;
  readonly #head: Head;
  #stage: 'open' | 'value' | 'error' | 'refusal' | 'plain' = 'open';
  #content: unknown;

  /** @param subject the method or event that the value belongs to, for error messages */
  constructor(sender: Sender<Head>, head: Head, subject: { method?: string; event?: string }) {
    this.#sender = sender;
    this.#head = head;
    this.method = subject.method;
    this.event = subject.event;
  }

  get isSent(): boolean {
    return this.#stage !== 'open';
  }

  succeed(value: unknown): void {
    this.#advance('value', value);
  }

  /** Sends a thrown value of any type. */
  fail(thrown: unknown): void {
    this.#advance('error', thrown);
  }

  build(): Message {
    const { form, codec } = this.#sender;
    const isValue = this.#stage === 'value';
    const content = this.#content;
    if (content === undefined)
      return isValue ? form.success(this.#head, undefined) : form.failure(this.#head, undefined);
    const { method, event } = this;
    const encoded: Encoded = codec.encode(content, { root: isValue ? form.root : 'error', method, event });
    const { wire } = encoded;
    return annotate(isValue ? form.success(this.#head, wire) : form.failure(this.#head, wire), encoded);
  }

  failed(error: unknown): void {
    if (this.#stage === 'plain') return;
    if (this.#stage === 'refusal') this.#advance('plain', withoutCause(this.#content));
    else this.#advance('refusal', error);
  }

  #advance(stage: 'value' | 'error' | 'refusal' | 'plain', content: unknown): void {
    this.#stage = stage;
    this.#content = content;
    this.#sender.send(this);
  }
}

/** Reduces an error to its message and path. These are always short enough to write. */
function withoutCause(error: unknown): SerializationError {
  if (error instanceof SerializationError) return new SerializationError(error.message, error.path);
  return new SerializationError(describeReason(error), 'error');
}
