import { clearTimeout, MAX_DELAY, now, setTimeout } from '../../clock.js';
import type { KeyEntry } from './key-entry.js';
import { LinkedList, type Link } from './linked-list.js';

export interface IdleOptions {
  /** ms for which an instance may do nothing; `Infinity` for no limit. */
  idleTimeout: number;
  /** Whether instances that have been idle for too long are ended now. */
  isWatching(): boolean;
  /** Called for an instance that has been idle for `idleTimeout`. */
  onExpired(entry: KeyEntry): void;
}

/** The instances that do nothing, the one that has been idle for longest first. */
export class IdleEntries implements Iterable<KeyEntry> {
  readonly #options: IdleOptions;
  readonly #list = new LinkedList<KeyEntry>();
  readonly #links = new Map<KeyEntry, Link<KeyEntry>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#list.size;
  }

  has(entry: KeyEntry): boolean {
    return this.#links.has(entry);
  }

  [Symbol.iterator](): Iterator<KeyEntry> {
    return this.#list[Symbol.iterator]();
  }

  add(entry: KeyEntry): void {
    entry.idleSince = now();
    this.#links.set(entry, this.#list.push(entry));
  }

  delete(entry: KeyEntry): void {
    const link = this.#links.get(entry);
    if (!link) return;
    this.#list.remove(link);
    this.#links.delete(entry);
  }

  /** Sets the timer for the instance that has been idle for longest. */
  watch(): void {
    const { idleTimeout, isWatching, onExpired } = this.#options;
    const { first } = this.#list;
    if (this.#timer || !first || idleTimeout === Infinity || !isWatching()) return;
    const left = Math.max(first.idleSince + idleTimeout - now(), 1);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        for (const entry of this.#list) {
          if (entry.idleSince + idleTimeout > now()) break;
          onExpired(entry);
        }
        this.watch();
      },
      Math.min(left, MAX_DELAY),
    );
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
