import type { Codec } from '../../codec/codec.js';
import { describeReason, ProtocolError, SerializationError } from '../../errors.js';
import { instrumentation, type CallSpan } from '../../instrumentation.js';
import type {
  EventEmit,
  EventFailed,
  EventName,
  EventSubscribe,
  EventUnsubscribe,
  EventUnsubscribed,
  TraceFields,
  Wire,
} from '../../protocol.js';
import { warn } from '../../warnings.js';
import { readValueOrRefusal } from '../wire/read-value.js';
import { displayEvent, eventKey, toEventName, type Event } from './event-name.js';
import type { Listeners } from './listeners.js';

/** Events about listeners. They concern the listeners of this side, so they are not forwarded. */
const local = new Set<Event>(['newListener', 'removeListener']);

export interface EventSubscriptionsOptions {
  codec: Codec;
  /** The class of the emitter, for spans. */
  className?(): string;
  send(message: EventSubscribe | EventUnsubscribe): void;
  /** Called when the first event gets a listener and when the last one loses its last. */
  onListening(listening: boolean): void;
  /** Called when nothing more will arrive unless listeners are added. */
  onIdle?(): void;
}

/** Tells the other side which events to forward: those that have listeners here, and no others. */
export class EventSubscriptions {
  readonly #options: EventSubscriptionsOptions;
  readonly #subscribed = new Map<string, Event>();
  readonly #listeners = new Set<Listeners>();
  /** Events unsubscribed here, by the number of confirmations still due. Their last events may still be in transit. */
  readonly #ending = new Map<string, number>();

  constructor(options: EventSubscriptionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscribed.size;
  }

  /** Forwards to these listeners too. */
  attach(listeners: Listeners): void {
    this.#listeners.add(listeners);
    listeners.add(this);
    for (const event of listeners.events) this.#updateOne(event);
  }

  detach(listeners: Listeners): void {
    this.#listeners.delete(listeners);
    listeners.remove(this);
    this.update();
  }

  /** Call it after listeners of `event` may have been added or removed. Without an argument, checks all events. */
  update(event?: Event): void {
    const events = event === undefined ? [...this.#subscribed.values()] : [event];
    for (const each of events) this.#updateOne(each);
  }

  /** @throws {ProtocolError} for an event that was not subscribed to */
  dispatch({ event: name, args, coded, trace }: EventEmit): void {
    const key = eventKey(name);
    const event = this.#subscribed.get(key);
    if (event === undefined) {
      if (this.#ending.has(key)) return;
      throw new ProtocolError(`The event ${displayEvent(name)} arrived, but it has no listeners here.`);
    }
    const values = coded ? this.#decode(name, args) : args;
    if (!values) return;
    const span = trace && this.#span(name, trace);
    for (const listeners of this.#listeners) listeners.dispatch(event, values, span);
    span?.end();
  }

  /** The other side has stopped forwarding this event. @throws {ProtocolError} if it was not asked to */
  confirmEnd({ event }: EventUnsubscribed): void {
    const key = eventKey(event);
    const open = this.#ending.get(key);
    if (open === undefined)
      throw new ProtocolError(`The other side stopped the event ${displayEvent(event)} without being asked.`);
    if (open === 1) this.#ending.delete(key);
    else this.#ending.set(key, open - 1);
    if (this.#subscribed.size === 0 && this.#ending.size === 0) this.#options.onIdle?.();
  }

  #span(event: EventName, trace: TraceFields): CallSpan | undefined {
    const className = this.#options.className?.();
    const method = typeof event === 'string' ? event : displayEvent(event);
    return instrumentation.current?.listeners({ className, method, trace, isTrusted: false });
  }

  /** Reports an event that could not be sent with a process warning, since nothing awaits it. */
  reportFailure({ event, error, coded }: EventFailed): void {
    this.#warn(event, readValueOrRefusal(this.#options.codec, error, coded));
  }

  /** Returns the arguments. Warns if this side cannot read them: an unregistered class is not a protocol violation. */
  #decode(event: EventName, args: Wire[]): unknown[] | undefined {
    try {
      return this.#options.codec.decode(args) as unknown[];
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      this.#warn(event, error);
      return undefined;
    }
  }

  #warn(event: EventName, reason: unknown): void {
    warn('PROCXY_EVENT_FAILED', `The event ${displayEvent(event)} did not arrive. ${describeReason(reason)}.`);
  }

  /** No more events will arrive. */
  close(): void {
    for (const listeners of this.#listeners) listeners.remove(this);
    this.#listeners.clear();
    if (this.#subscribed.size > 0) this.#options.onListening(false);
    this.#subscribed.clear();
  }

  #updateOne(event: Event): void {
    if (local.has(event)) return;
    const name = toEventName(event);
    const key = eventKey(name);
    const wanted = [...this.#listeners].some(({ emitter }) => emitter.listenerCount(event) > 0);
    if (wanted === this.#subscribed.has(key)) return;
    if (wanted) {
      if (this.#subscribed.size === 0) this.#options.onListening(true);
      this.#subscribed.set(key, event);
      this.#options.send({ type: 'event-subscribe', event: name });
    } else {
      this.#subscribed.delete(key);
      this.#ending.set(key, (this.#ending.get(key) ?? 0) + 1);
      this.#options.send({ type: 'event-unsubscribe', event: name });
      if (this.#subscribed.size === 0) this.#options.onListening(false);
    }
  }
}
