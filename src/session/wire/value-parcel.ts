import type { Codec, Encoded } from '../../codec/codec.js';
import { describeReason, SerializationError } from '../../errors.js';
import type { Coded, Message, Wire } from '../../protocol.js';
import { annotate, type Parcel, type Send } from './parcel.js';

/** How a message looks that carries a value or, in its place, an error. */
export interface Form<Head> {
  /** What the value is called in a path: `result`, `args`, `reason`. */
  readonly root: string;
  /** @param wire `undefined` for the value `undefined` */
  success(head: Head, wire: Wire): Message & { coded?: Coded };
  failure(head: Head, wire: Wire): Message & { coded?: Coded };
}

/** What the parcels of one sender have in common. */
export interface Sender<Head> {
  readonly codec: Codec;
  readonly form: Form<Head>;
  readonly send: Send;
}

/**
 * A message that carries a value of the user's. What cannot be encoded or written is replaced, so that the other side always gets
 * an answer:
 *
 * | stage | what is sent | where that fails, the next stage |
 * |---|---|---|
 * | `open` | nothing yet | |
 * | `value` | the value | `refusal` |
 * | `error` | an error that was thrown | `refusal` |
 * | `refusal` | the error that names the part at fault, with its cause | `plain`, since the cause may be at fault too |
 * | `plain` | the message and path of that error | none: the channel writes no message at all |
 */
export class ValueParcel<Head> implements Parcel {
  readonly method: string | undefined;
  readonly event: string | undefined;
  readonly #sender: Sender<Head>;
  readonly #head: Head;
  #stage: 'open' | 'value' | 'error' | 'refusal' | 'plain' = 'open';
  #content: unknown;

  /** @param subject the method or the event that the value belongs to, for the sentence of a refusal */
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

  /** Sends what was thrown, whatever it is. */
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

/** Messages of refusals are short, whatever the value is. */
function withoutCause(error: unknown): SerializationError {
  if (error instanceof SerializationError) return new SerializationError(error.message, error.path);
  return new SerializationError(describeReason(error), 'error');
}
