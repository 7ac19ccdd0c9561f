import type { Codec } from '../../codec/codec.js';
import { encodeThrown } from '../../codec/codec.js';
import type { EventEmit, EventFailed, EventName } from '../../protocol.js';
import { displayEvent, eventKey, type Event } from './event-name.js';
import { annotate, type Send } from '../wire/parcel.js';

/** What counts as an emitter: Node's own, and those that only look like it. */
export interface EmitterLike {
  on(event: Event, listener: (...args: unknown[]) => void): unknown;
  off(event: Event, listener: (...args: unknown[]) => void): unknown;
  emit(...args: unknown[]): unknown;
}

export function isEmitter(value: object): value is EmitterLike {
  const candidate = value as Record<string, unknown>;
  return ['on', 'off', 'emit'].every((name) => typeof candidate[name] === 'function');
}

export interface EventForwarderOptions {
  emitter: EmitterLike;
  codec: Codec;
  send: Send;
  /** Finds the symbol that the other side means by a description. */
  findSymbol(description: string): symbol;
}

/** Sends an emitter's events to the other side, each for as long as somebody listens there. */
export class EventForwarder {
  readonly #options: EventForwarderOptions;
  readonly #forwarding = new Map<string, () => void>();

  constructor(options: EventForwarderOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#forwarding.size;
  }

  subscribe(name: EventName): void {
    const key = eventKey(name);
    if (this.#forwarding.has(key)) return;
    const { emitter } = this.#options;
    const listener = (...args: unknown[]): void => this.#forward(name, args);
    try {
      const event = this.#resolve(name);
      emitter.on(event, listener);
      this.#forwarding.set(key, () => emitter.off(event, listener));
    } catch (error) {
      this.#fail(name, error);
    }
  }

  unsubscribe(name: EventName): void {
    const key = eventKey(name);
    const stop = this.#forwarding.get(key);
    this.#forwarding.delete(key);
    stop?.();
    this.#options.send({
      method: displayEvent(name),
      build: () => ({ type: 'event-unsubscribed', event: name }),
      failed: () => {},
    });
  }

  /** Takes all listeners off the emitter. */
  close(): void {
    for (const stop of this.#forwarding.values()) stop();
    this.#forwarding.clear();
  }

  /** Never throws: the emitter has done nothing wrong, and in a timer it would end the process. */
  #forward(event: EventName, args: unknown[]): void {
    const { codec, send } = this.#options;
    const method = displayEvent(event);
    const build = (): EventEmit => {
      const encoded = codec.encode(args, { root: 'args', event: method });
      return annotate({ type: 'event-emit', event, args: encoded.wire as unknown[] }, encoded);
    };
    send({ method, build, failed: (error) => this.#fail(event, error) });
  }

  #fail(event: EventName, reason: unknown): void {
    const { codec, send } = this.#options;
    const build = (): EventFailed => {
      const encoded = encodeThrown(codec, reason);
      return annotate({ type: 'event-failed', event, error: encoded.wire }, encoded);
    };
    send({ method: displayEvent(event), build, failed: (error) => this.#fail(event, error) });
  }

  #resolve(name: EventName): Event {
    if (typeof name === 'string') return name;
    return 'key' in name ? Symbol.for(name.key) : this.#options.findSymbol(name.description);
  }
}
