import { now, setImmediate, setTimeout } from '../../clock.js';
import { ProtocolError } from '../../errors.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';
import { collectGarbage } from './garbage.js';

/** A child may make its parent collect garbage for so much of its time: a collection of t ms is followed by 4 t without. */
const PAUSE_FACTOR = 4;

/** What this side holds of the other, and gives back when it is garbage. */
export interface Collectable {
  giveBackCollected(): void;
}

export interface CollectionOptions {
  /** The parent trusts no child: it collects garbage for it in reasonable intervals only. */
  isParent: boolean;
  /** The registries of what this side holds. */
  imported: readonly Collectable[];
}

/** Makes room at a limit: has the other side collect its garbage and give back what it does not need, and does so for the other side. */
export class Collection implements SessionPart {
  readonly handlers: Handlers = {
    'callback-collect': () => this.#schedule(),
    'callback-collected': () => this.#collected(),
  };
  readonly #options: CollectionOptions;
  #link!: SessionApi;
  /** What to do when the other side has collected its garbage; it has been asked to when there is something. */
  readonly #onCollected: (() => void)[] = [];
  /** This side is to collect its own. */
  #collecting = false;
  /** Before that it collects none for the other's sake. */
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
    if (waiting.length === 0) throw new ProtocolError('Garbage was collected that nobody asked for.');
    for (const done of waiting) done();
  }

  #schedule(): void {
    if (this.#collecting) throw new ProtocolError('Garbage was to be collected that is being collected.');
    this.#collecting = true;
    const wait = this.#nextCollection - now();
    // Not at once: what this very turn has looked at counts as used until it ends.
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
