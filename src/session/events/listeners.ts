import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { nextTick } from '../../clock.js';
import type { CallSpan } from '../../instrumentation.js';
import type { Event } from './event-name.js';

type Listener = (...args: unknown[]) => void;

/** Gets the events of one instance forwarded, as far as they have listeners. */
interface Subscriber {
  update(event?: Event): void;
}

/** The listeners that belong to a proxy of this side. Its events may come from one instance after another, or from several. */
export class Listeners {
  /** Keeps the listeners, with Node's rules for order, `once`, limits and the like. */
  readonly emitter = new EventEmitter();
  /** The asynchronous context in which each listener was added last, and in which it runs. */
  readonly #contexts = new WeakMap<Listener, AsyncResource>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #target: () => object | undefined;
  readonly #onChange: () => void;

  /**
   * @param target the `this` of listeners
   * @param onChange called after listeners may have been added or removed
   */
  constructor(target: () => object | undefined, onChange: () => void = () => {}) {
    this.#target = target;
    this.#onChange = onChange;
  }

  /** The events that have listeners. */
  get events(): Event[] {
    return this.emitter.eventNames();
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** Call it for a listener that is added. */
  keepContext(listener: Listener): void {
    if (typeof listener === 'function') this.#contexts.set(listener, new AsyncResource('PROCXY_LISTENER'));
  }

  /** Call it after listeners of `event` may have been added or removed. Absent: of any event. */
  update(event?: Event): void {
    for (const subscriber of this.#subscribers) subscriber.update(event);
    this.#onChange();
  }

  /** @param span the span in which the listeners run, each in its own context */
  dispatch(event: Event, args: unknown[], span?: CallSpan): void {
    for (const listener of this.emitter.rawListeners(event) as Listener[]) this.#run(listener, args, span);
    this.update(event);
  }

  /** A listener that throws fails as it would on an emitter of this process: uncaught, and alone. */
  #run(listener: Listener, args: unknown[], span: CallSpan | undefined): void {
    try {
      const context = this.#contexts.get(listener);
      const target = this.#target();
      const apply = (): unknown => Reflect.apply(listener, target, args);
      if (span) {
        const run = (): unknown => span.within(apply);
        if (context) context.runInAsyncScope(run);
        else run();
      } else if (context) context.runInAsyncScope(listener, target, ...args);
      else apply();
    } catch (error) {
      nextTick(() => {
        throw error;
      });
    }
  }
}
