import { types } from 'node:util';
import type { Codec } from '../../codec/codec.js';
import { describeReason } from '../../errors.js';
import { instrumentation } from '../../instrumentation.js';
import type { EventEmit, EventFailed, EventName, TraceFields, Wire } from '../../protocol.js';
import { displayEvent, eventKey, type Event } from './event-name.js';
import { warn } from '../../warnings.js';
import { withoutValue, type Send } from '../wire/parcel.js';
import { ValueParcel, type Form, type Sender } from '../wire/value-parcel.js';

/** What counts as an emitter: Node's `EventEmitter`, and any object with the same methods. */
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
  /** Finds the symbol with this description. */
  findSymbol(description: string): symbol;
  /** The emitter's id if it crossed by reference. Absent for the instance. */
  referenceId?: string;
}

interface EventHead {
  event: EventName;
  /** The trace to which it belongs. */
  trace?: TraceFields | undefined;
}

/** If the arguments of an event cannot cross, the other side gets a report instead. */
function eventForm(referenceId: string | undefined): Form<EventHead> {
  const emitter = referenceId === undefined ? undefined : { referenceId };
  return {
    root: 'args',
    success: ({ event, trace }, args): EventEmit => {
      const message: EventEmit = { type: 'event-emit', event, args: args as Wire[], ...emitter };
      if (trace) message.trace = trace;
      return message;
    },
    failure: ({ event }, error): EventFailed => ({ type: 'event-failed', event, error, ...emitter }),
  };
}

/**
 * Sends an emitter's events to the other side while they have listeners there. `off()` of an emitter may do nothing, fail, or
 * remove the listener later. Events that still arrive after it are dropped.
 */
export class EventForwarder {
  readonly #options: EventForwarderOptions;
  readonly #sender: Sender<EventHead>;
  /** Stops each event that is forwarded. */
  readonly #forwarding = new Map<string, () => void>();

  constructor(options: EventForwarderOptions) {
    this.#options = options;
    this.#sender = { codec: options.codec, send: options.send, form: eventForm(options.referenceId) };
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
    const { send, referenceId } = this.#options;
    const emitter = referenceId === undefined ? undefined : { referenceId };
    send(withoutValue({ type: 'event-unsubscribed', event: name, ...emitter }));
  }

  /** Removes all its listeners from the emitter. */
  close(): void {
    for (const stop of this.#forwarding.values()) stop();
    this.#forwarding.clear();
  }

  /** Never throws: the error would surface in the code that emits, and in a timer it would end the process. */
  #forward(event: EventName, args: unknown[]): void {
    this.#parcel(event, instrumentation.current?.currentTrace()).succeed(args);
  }

  #fail(event: EventName, reason: unknown): void {
    this.#parcel(event).fail(reason);
  }

  #parcel(event: EventName, trace?: TraceFields): ValueParcel<EventHead> {
    return new ValueParcel(this.#sender, { event, trace }, { event: displayEvent(event) });
  }

  #resolve(name: EventName): Event {
    if (typeof name === 'string') return name;
    return 'key' in name ? Symbol.for(name.key) : this.#options.findSymbol(name.description);
  }
}

/** Removes a listener. Never throws: the fault is not that of the other side. @param name the event's name in a warning */
function remove(emitter: EmitterLike, event: Event, listener: (...args: unknown[]) => void, name: string): void {
  const fail = (error: unknown): void =>
    warn('PROCXY_EVENT_FAILED', `off() of the event ${name} failed. ${describeReason(error)}.`);
  try {
    const removed = emitter.off(event, listener);
    if (types.isPromise(removed)) removed.catch(fail);
  } catch (error) {
    fail(error);
  }
}
