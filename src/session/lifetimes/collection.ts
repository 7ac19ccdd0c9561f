import { now, setImmediate, setTimeout } from '../../clock.js';
import { ProtocolError } from '../../errors.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';
import { collectGarbage } from './garbage.js';

/** Limits how often a child can make its parent collect garbage: after a collection of t ms, the parent waits at least 4 t ms. */
const PAUSE_FACTOR = 4;

/** A registry of what this side holds of the other side, and gives back when it is garbage. */
export interface Collectable {
  giveBackCollected(): void;
}

export interface CollectionOptions {
  /** The parent does not trust its child: it limits how often it collects garbage for it. */
  isParent: boolean;
  /** The registries of what this side holds. */
  imported: readonly Collectable[];
}

/**
 * Makes room when a limit is reached: asks the other side to collect its garbage and give back what it no longer needs. Does
 * the same when the other side asks.
 */
export class Collection implements SessionPart {
  readonly handlers: Handlers = {
    'callback-collect': () => this.#schedule(),
    'callback-collected': () => this.#collected(),
  };
  readonly #options: CollectionOptions;
  #link!: SessionApi;
  /** What to do once the other side has collected its garbage. Not empty while a request for that is pending. */
  readonly #onCollected: (() => void)[] = [];
  /** Whether the other side has asked this one to collect garbage. */
  #collecting = false;
  /** The earliest time for the next collection that the other side asks for. */
  #nextCollection = 0;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  makeRoom(done: () => void): void {
    if (this.#onCollected.push(done) === 1) this.#link.sendControl({ type: 'callback-collect' });
  }

  #collected(): void {
    const waiting = this.#onCollected.splice(0);
    if (waiting.length === 0)
      throw new ProtocolError('The other side reported a garbage collection that was not requested.');
    for (const done of waiting) done();
  }

  #schedule(): void {
    if (this.#collecting) throw new ProtocolError('A garbage collection was requested while another was pending.');
    this.#collecting = true;
    const wait = this.#nextCollection - now();
    // Not in this turn: V8 keeps the targets of WeakRefs that were read in it alive until it ends.
    if (wait <= 0) setImmediate(() => this.#collect());
    else setTimeout(() => this.#collect(), wait).unref();
  }

  #collect(): void {
    const { isParent, imported } = this.#options;
    this.#collecting = false;
    const start = now();
    collectGarbage();
    for (const registry of imported) registry.giveBackCollected();
    const end = now();
    if (isParent) this.#nextCollection = end + PAUSE_FACTOR * (end - start);
    this.#link.sendControl({ type: 'callback-collected' });
  }
}
