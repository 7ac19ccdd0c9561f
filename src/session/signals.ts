import type { SignalExchange } from '../codec/signal-codec.js';
import type { Coded, SignalAbort, Wire } from '../protocol.js';
import { onAbort } from './calls/abort.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';
import { withoutValue } from './wire/parcel.js';
import { readValueOrRefusal } from './wire/read-value.js';
import { ValueParcel, type Form } from './wire/value-parcel.js';

/** A signal fires in any case. Its reason becomes the refusal if the reason cannot cross. */
const abortForm: Form<number> = {
  root: 'reason',
  success: abortMessage,
  failure: abortMessage,
};

function abortMessage(signalId: number, reason: Wire): SignalAbort {
  return { type: 'signal-abort', signalId, reason };
}

/**
 * Signals that cross. One of this side is known by its id over there for as long as it lives here and has not fired; what
 * stands for one of the other side is held here until then, since a listener may be all that is left of its users.
 */
export class Signals implements SignalExchange, SessionPart {
  readonly handlers: Handlers = {
    'signal-abort': ({ signalId, reason, coded }) => this.#abort(signalId, reason, coded),
    'signal-release': ({ signalId }) => void this.#imported.delete(signalId),
  };
  readonly #ids = new WeakMap<AbortSignal, number>();
  /** Those that have not fired, by their ids, and what takes back that each is followed. Neither keeps a signal alive. */
  readonly #followed = new Map<number, WeakRef<AbortSignal>>();
  readonly #stops = new WeakMap<AbortSignal, () => void>();
  readonly #imported = new Map<number, AbortController>();
  readonly #collected = new FinalizationRegistry<number>((signalId) => {
    this.#followed.delete(signalId);
    this.#link.sendValue(withoutValue({ type: 'signal-release', signalId }));
  });
  #link!: SessionApi;
  #lastId = 0;

  attach(link: SessionApi): void {
    this.#link = link;
  }

  export(signal: AbortSignal): number {
    return this.#ids.get(signal) ?? this.#follow(signal);
  }

  import(id: number): AbortSignal {
    let controller = this.#imported.get(id);
    if (!controller) {
      controller = new AbortController();
      this.#imported.set(id, controller);
    }
    return controller.signal;
  }

  close(): void {
    // The signal may live on, as one of the whole program does.
    for (const followed of this.#followed.values()) {
      const signal = followed.deref();
      if (signal) this.#stops.get(signal)?.();
    }
    this.#followed.clear();
    this.#imported.clear();
  }

  #follow(signal: AbortSignal): number {
    const signalId = ++this.#lastId;
    this.#ids.set(signal, signalId);
    this.#collected.register(signal, signalId, signal);
    const stop = onAbort(signal, () => {
      this.#followed.delete(signalId);
      this.#collected.unregister(signal);
      this.#ids.delete(signal);
      const { codec, sendValue: send } = this.#link;
      new ValueParcel({ codec, form: abortForm, send }, signalId, {}).succeed(signal.reason);
    });
    this.#stops.set(signal, stop);
    this.#followed.set(signalId, new WeakRef(signal));
    return signalId;
  }

  #abort(signalId: number, wire: Wire, coded: Coded | undefined): void {
    const controller = this.#imported.get(signalId);
    // One that was sent and never read is not known here.
    if (!controller) return;
    this.#imported.delete(signalId);
    controller.abort(readValueOrRefusal(this.#link.codec, wire, coded));
  }
}
