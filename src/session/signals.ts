import type { SignalExchange } from '../codec/signal-codec.js';
import type { Coded, SignalAbort, Wire } from '../protocol.js';
import { onAbort } from './abort.js';
import type { Handlers, SessionLink, SessionPart } from './part.js';
import { describe } from './send.js';

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
  readonly #imported = new Map<number, AbortController>();
  readonly #collected = new FinalizationRegistry<number>((signalId) => {
    this.#link.post(() => ({ type: 'signal-release', signalId }), 'signal', ignore);
  });
  #link!: SessionLink;
  #lastId = 0;

  attach(link: SessionLink): void {
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
    this.#imported.clear();
  }

  #follow(signal: AbortSignal): number {
    const signalId = ++this.#lastId;
    this.#ids.set(signal, signalId);
    this.#collected.register(signal, signalId, signal);
    onAbort(signal, () => {
      this.#collected.unregister(signal);
      this.#ids.delete(signal);
      this.#link.post(() => this.#message(signalId, signal.reason), 'signal', ignore);
    });
    return signalId;
  }

  /** A reason that cannot cross is left out; the signal fires all the same. */
  #message(signalId: number, reason: unknown): SignalAbort {
    const message: SignalAbort = { type: 'signal-abort', signalId };
    try {
      const encoded = this.#link.codec.encode(reason, { root: 'reason' });
      return describe({ ...message, reason: encoded.wire }, encoded);
    } catch {
      return message;
    }
  }

  #abort(signalId: number, wire: Wire, coded: Coded | undefined): void {
    const controller = this.#imported.get(signalId);
    // One that was sent and never read is not known here.
    if (!controller) return;
    this.#imported.delete(signalId);
    controller.abort(coded ? this.#link.codec.decode(wire) : wire);
  }
}

function ignore(): void {}
