import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { nextTick } from '../../clock.js';
import type { Codec } from '../../codec/codec.js';
import { describeReason, ProtocolError, SerializationError } from '../../errors.js';
import type { EventEmit, EventFailed, EventName, EventUnsubscribed, Message, Wire } from '../../protocol.js';
import { warn } from '../../warnings.js';
import { readValueOrRefusal } from '../wire/read-value.js';
import { displayEvent, eventKey, toEventName, type Event } from './event-name.js';

type Listener = (...args: unknown[]) => void;

/** Events about listeners. They concern the listeners of this side, so they are not forwarded. */
const local = new Set<Event>(['newListener', 'removeListener']);

export interface EventSubscriptionsOptions {
  codec: Codec;
  send(message: Message): void;
  /** The value of `this` in listeners. */
  target(): object | undefined;
  /** Called when the first event gets a listener and when the last one loses its last. */
  onListening(listening: boolean): void;
}

/** The listeners of this side. The other side forwards only events that have listeners here. */
export class EventSubscriptions {
  /** Keeps the listeners, with Node's rules for order, `once`, limits and the like. */
  readonly emitter = new EventEmitter();
  readonly #options: EventSubscriptionsOptions;
  readonly #subscribed = new Map<string, Event>();
  /** The asynchronous context in which each listener was last added. It runs there. */
  readonly #contexts = new WeakMap<Listener, AsyncResource>();
  /** Events unsubscribed here, by the number of confirmations still due. Their last events may still be in transit. */
  readonly #ending = new Map<string, number>();

  constructor(options: EventSubscriptionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscribed.size;
  }

  /** Call it for each listener that is added. */
  keepContext(listener: Listener): void {
    if (typeof listener === 'function') this.#contexts.set(listener, new AsyncResource('PROCXY_LISTENER'));
  }

  /** Call it after listeners of `event` may have been added or removed. Without an argument, checks all events. */
  update(event?: Event): void {
    const events = event === undefined ? [...this.#subscribed.values()] : [event];
    for (const each of events) this.#updateOne(each);
  }

  /** @throws {ProtocolError} for an event that was not subscribed to */
  dispatch({ event: name, args, coded }: EventEmit): void {
    const key = eventKey(name);
    const event = this.#subscribed.get(key);
    if (event === undefined) {
      if (this.#ending.has(key)) return;
      throw new ProtocolError(`The event ${displayEvent(name)} arrived, but it has no listeners here.`);
    }
    const values = coded ? this.#decode(name, args) : args;
    if (!values) return;
    for (const listener of this.emitter.rawListeners(event) as Listener[]) this.#run(listener, values);
    this.#updateOne(event);
  }

  /** The other side has stopped forwarding this event. @throws {ProtocolError} if it was not asked to */
  confirmEnd({ event }: EventUnsubscribed): void {
    const key = eventKey(event);
    const open = this.#ending.get(key);
    if (open === undefined)
      throw new ProtocolError(`The other side stopped the event ${displayEvent(event)} without being asked.`);
    if (open === 1) this.#ending.delete(key);
    else this.#ending.set(key, open - 1);
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
    if (this.#subscribed.size > 0) this.#options.onListening(false);
    this.#subscribed.clear();
  }

  #updateOne(event: Event): void {
    if (local.has(event)) return;
    const name = toEventName(event);
    const key = eventKey(name);
    const wanted = this.emitter.listenerCount(event) > 0;
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

  /** Runs a listener. An error it throws is uncaught, as on a local emitter, and does not affect other listeners. */
  #run(listener: Listener, args: unknown[]): void {
    try {
      const context = this.#contexts.get(listener);
      const target = this.#options.target();
      if (context) context.runInAsyncScope(listener, target, ...args);
      else Reflect.apply(listener, target, args);
    } catch (error) {
      nextTick(() => {
        throw error;
      });
    }
  }
}
