import { types } from 'node:util';
import type { Codec } from '../../codec/codec.js';
import { describeReason } from '../../errors.js';
import type { EventEmit, EventFailed, EventName, Wire } from '../../protocol.js';
import { displayEvent, eventKey, type Event } from './event-name.js';
import { warn } from '../../warnings.js';
import { withoutValue, type Send } from '../wire/parcel.js';
import { ValueParcel, type Form, type Sender } from '../wire/value-parcel.js';

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

/** An event whose arguments cannot cross becomes a report of that. */
const eventForm: Form<EventName> = {
  root: 'args',
  success: (event, args): EventEmit => ({ type: 'event-emit', event, args: args as Wire[] }),
  failure: (event, error): EventFailed => ({ type: 'event-failed', event, error }),
};

/**
 * Sends an emitter's events to the other side, each for as long as somebody listens there. An emitter may call a listener after
 * `off()`, which may do nothing, fail, or remove it later: such events are dropped.
 */
export class EventForwarder {
  readonly #options: EventForwarderOptions;
  readonly #sender: Sender<EventName>;
  /** How each event is stopped. */
  readonly #forwarding = new Map<string, () => void>();

  constructor(options: EventForwarderOptions) {
    this.#options = options;
    this.#sender = { ...options, form: eventForm };
  }

  get size(): number {
    return this.#forwarding.size;
  }

  subscribe(name: EventName): void {
    const key = eventKey(name);
    if (this.#forwarding.has(key)) return;
    let isWanted = true;
    const listener = (...args: unknown[]): void => {
      if (isWanted) this.#forward(name, args);
    };
    const { emitter } = this.#options;
    try {
      const event = this.#resolve(name);
      const added = emitter.on(event, listener);
      this.#forwarding.set(key, () => {
        isWanted = false;
        remove(emitter, event, listener, displayEvent(name));
      });
      if (types.isPromise(added)) added.catch((error: unknown) => this.#fail(name, error));
    } catch (error) {
      isWanted = false;
      this.#fail(name, error);
    }
  }

  unsubscribe(name: EventName): void {
    const key = eventKey(name);
    this.#forwarding.get(key)?.();
    this.#forwarding.delete(key);
    this.#options.send(withoutValue({ type: 'event-unsubscribed', event: name }));
  }

  /** Takes all listeners off the emitter. */
  close(): void {
    for (const stop of this.#forwarding.values()) stop();
    this.#forwarding.clear();
  }

  /** Never throws: the emitter has done nothing wrong, and in a timer it would end the process. */
  #forward(event: EventName, args: unknown[]): void {
    this.#parcel(event).succeed(args);
  }

  #fail(event: EventName, reason: unknown): void {
    this.#parcel(event).fail(reason);
  }

  #parcel(event: EventName): ValueParcel<EventName> {
    return new ValueParcel(this.#sender, event, { event: displayEvent(event) });
  }

  #resolve(name: EventName): Event {
    if (typeof name === 'string') return name;
    return 'key' in name ? Symbol.for(name.key) : this.#options.findSymbol(name.description);
  }
}

/** Never throws: the other side, which asked for it, has done nothing wrong. @param name for the sentence of a warning */
function remove(emitter: EmitterLike, event: Event, listener: (...args: unknown[]) => void, name: string): void {
  const fail = (error: unknown): void =>
    warn('PROCXY_EVENT_FAILED', `off() of the event ${name} failed in the instance. ${describeReason(error)}.`);
  try {
    const removed = emitter.off(event, listener);
    if (types.isPromise(removed)) removed.catch(fail);
  } catch (error) {
    fail(error);
  }
}
