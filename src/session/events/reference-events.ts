import { ProtocolError } from '../../errors.js';
import { EventSubscriptions, type EventSubscriptionsOptions } from './event-subscriptions.js';

/** The events of objects that the other side has lent, by the ids of these objects. */
export class ReferenceEvents {
  readonly #options: EventSubscriptionsOptions;
  /**
   * Only objects whose events may arrive. An entry holds the listeners, and these hold the reference: it is not collected while
   * it is listened to.
   */
  readonly #byId = new Map<string, EventSubscriptions>();

  constructor(options: EventSubscriptionsOptions) {
    this.#options = options;
  }

  /** The number of events that have listeners here. */
  get size(): number {
    return [...this.#byId.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Returns the subscriptions to the events of one object. */
  of(referenceId: string): EventSubscriptions {
    const known = this.#byId.get(referenceId);
    if (known) return known;
    const subscriptions = new EventSubscriptions({
      codec: this.#options.codec,
      send: (message) => this.#options.send({ ...message, referenceId }),
      onListening: (listening) => {
        if (listening) this.#byId.set(referenceId, subscriptions);
        this.#options.onListening(listening);
      },
      onIdle: () => this.#byId.delete(referenceId),
    });
    return subscriptions;
  }

  /** Finds the subscriptions that a message belongs to. @throws {ProtocolError} for an object that was not listened to */
  find(referenceId: string): EventSubscriptions {
    const subscriptions = this.#byId.get(referenceId);
    if (subscriptions) return subscriptions;
    throw new ProtocolError(`An event of the object ${referenceId} arrived, but it has no listeners here.`);
  }

  /** No more events will arrive. */
  close(): void {
    for (const subscriptions of this.#byId.values()) subscriptions.close();
    this.#byId.clear();
  }
}
