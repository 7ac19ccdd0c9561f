import type { SignalExchange } from '../codec/signal-codec.js';
import type { Coded, SignalAbort, Wire } from '../protocol.js';
import { onAbort } from './calls/abort.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';
import { withoutValue } from './wire/parcel.js';
import { readValueOrRefusal } from './wire/read-value.js';
import { ValueParcel, type Form } from './wire/value-parcel.js';

/** A signal always fires. If its reason cannot cross, the error about that is the reason. */
const abortForm: Form<number> = {
  root: 'reason',
  success: abortMessage,
  failure: abortMessage,
};

function abortMessage(signalId: number, reason: Wire): SignalAbort {
  return { type: 'signal-abort', signalId, reason };
}

/**
 * Lets abort signals cross. The other side knows a signal by its id until it fires or is collected here. Its stand-in there is
 * held just as long: often only a listener still refers to it.
 */
export class Signals implements SignalExchange, SessionPart {
  readonly handlers: Handlers = {
    'signal-abort': ({ signalId, reason, coded }) => this.#abort(signalId, reason, coded),
    'signal-release': ({ signalId }) => void this.#imported.delete(signalId),
  };
  readonly #ids = new WeakMap<AbortSignal, number>();
  /** Exported signals that have not fired. Held weakly, as in `#stops`. */
  readonly #followed = new Map<number, WeakRef<AbortSignal>>();
  /** Removes the listener of a followed signal. */
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
    // A signal may outlive the session: a program often has one signal for all its work.
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
    // Unknown if the message with the signal was dropped unread.
    if (!controller) return;
    this.#imported.delete(signalId);
    controller.abort(readValueOrRefusal(this.#link.codec, wire, coded));
  }
}
