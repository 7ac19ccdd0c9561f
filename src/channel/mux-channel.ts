import { ProtocolError } from '../errors.js';
import type { Envelope } from '../protocol.js';
import { isObject } from '../is-object.js';
import type { ArrivedHandle, Channel } from './channel.js';
import { isNative } from './native-handles.js';

/** One of several channels on another channel. */
export interface InstanceChannel extends Channel {
  /** Its number in the envelopes. */
  readonly instance: number;
}

/** This side's end of one of them. It is forgotten when both sides have closed it. */
interface End {
  isOpen: boolean;
  onMessage(message: unknown, handle?: ArrivedHandle): void;
  onClose(): void;
}

/**
 * Several channels over one. Each message travels in an envelope with the number of its channel:
 *
 *                open(), or 'instance-open' arrives
 *     (unknown) ────────────────────────────────────> open ── close() ──> closed here
 *                                                      │                       │
 *                              'instance-end' arrives, │                       │ 'instance-end' arrives
 *                              and is answered         └───> (forgotten) <─────┘
 *
 * The channel beneath keeps the order of messages, so nothing legitimate arrives for a number that is forgotten.
 */
export class MuxChannel {
  readonly #channel: Pick<Channel, 'send'>;
  readonly #onOpen: ((channel: InstanceChannel) => void) | undefined;
  readonly #ends = new Map<number, End>();
  #last = 0;
  #received = 0;

  /**
   * @param channel the channel beneath. Its owner passes what arrives to {@link receive}
   * @param onOpen called when the other side has opened a channel. Without it, the other side may not
   */
  constructor(channel: Pick<Channel, 'send'>, onOpen?: (channel: InstanceChannel) => void) {
    this.#channel = channel;
    this.#onOpen = onOpen;
  }

  /** How many envelopes have arrived. */
  get received(): number {
    return this.#received;
  }

  open(): InstanceChannel {
    const instance = ++this.#last;
    const channel = this.#add(instance);
    this.#send({ type: 'instance-open', instance });
    return channel;
  }

  /**
   * Handles a message of the channel beneath. Ignores messages that are not envelopes.
   * @throws {ProtocolError} if the envelope is malformed, or names a channel that is not open
   */
  receive(given: unknown, handle?: ArrivedHandle): void {
    const envelope = given as Partial<Envelope>;
    const { type, instance = 0 } = envelope;
    if (type === 'instance-open') return this.#accept(instance);
    if (type !== 'instance-message' && type !== 'instance-end') return;
    this.#received++;
    const end = this.#ends.get(instance);
    if (!end) throw new ProtocolError(`A message arrived for the instance ${String(instance)}, but there is none.`);
    if (envelope.type === 'instance-message') this.#deliver(end, envelope.message, handle);
    else this.#finish(instance, end);
  }

  #deliver(end: End, message: unknown, handle: ArrivedHandle | undefined): void {
    if (!isObject(message)) throw new ProtocolError('An envelope arrived that contains no message.');
    if (end.isOpen) end.onMessage(message, handle);
    else if (isNative(handle)) handle.close();
  }

  #accept(instance: number): void {
    if (!this.#onOpen || !Number.isSafeInteger(instance) || instance <= this.#last) {
      throw new ProtocolError(`The instance ${String(instance)} was announced, but cannot be opened.`);
    }
    this.#last = instance;
    this.#onOpen(this.#add(instance));
  }

  #finish(instance: number, end: End): void {
    this.#ends.delete(instance);
    const wasOpen = end.isOpen;
    end.isOpen = false;
    end.onClose();
    if (wasOpen) this.#send({ type: 'instance-end', instance });
  }

  #add(instance: number): InstanceChannel {
    const end: End = { isOpen: true, onMessage: () => {}, onClose: () => {} };
    this.#ends.set(instance, end);
    return {
      instance,
      send: (message, handle, written) => {
        if (end.isOpen)
          this.#channel.send({ type: 'instance-message', instance, message } satisfies Envelope, handle, written);
      },
      onMessage(listener) {
        end.onMessage = listener;
      },
      onClose(listener) {
        end.onClose = listener;
      },
      close: () => {
        if (!end.isOpen) return;
        end.isOpen = false;
        this.#send({ type: 'instance-end', instance });
      },
    };
  }

  #send(envelope: Envelope): void {
    this.#channel.send(envelope);
  }
}
