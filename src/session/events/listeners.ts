import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { nextTick } from '../../clock.js';
import type { CallSpan } from '../../instrumentation.js';
import type { Event } from './event-name.js';

type Listener = (...args: unknown[]) => void;

/** Has the events forwarded that are listened to: for one instance. */
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
   * @param target what listeners get as `this`
   * @param onChange called after listeners may have come or gone
   */
  constructor(target: () => object | undefined, onChange: () => void = () => {}) {
    this.#target = target;
    this.#onChange = onChange;
  }

  /** Those that are listened to. */
  get events(): Event[] {
    return this.emitter.eventNames();
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** To be called for a listener that is added. */
  keepContext(listener: Listener): void {
    if (typeof listener === 'function') this.#contexts.set(listener, new AsyncResource('PROCXY_LISTENER'));
  }

  /** To be called after listeners to `event` may have come or gone; without one, to any event. */
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
