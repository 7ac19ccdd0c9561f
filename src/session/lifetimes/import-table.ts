import { ProtocolError } from '../../errors.js';

/** What this side knows about a function or object of the other side. */
export interface Imported<P extends object = object> {
  readonly id: string;
  /** The number of messages that brought it. The other side learns it when this side gives it back. */
  count: number;
  /** Its proxy on this side, for as long as user code holds it. */
  proxy: WeakRef<P> | undefined;
  /** Whether either side has released it. */
  released: boolean;
  /** The class of an object, once it has a proxy. `''` for none. */
  className: string | undefined;
}

export interface ImportTableOptions<P extends object, D> {
  /** The most entries at a time. */
  limit: number;
  /** The option that sets the limit, for error messages. */
  option: string;
  /** What the entries are called in error messages, such as `function`. */
  noun: string;
  /** Makes a proxy. The proxy must hold `entry`. Only user code may hold the proxy. */
  createProxy(entry: Imported<P>, description: D): P;
  /** Tells the other side that an entry is no longer needed. */
  giveBack(entry: Imported<P>): void;
}

/** The receiver's registry: a proxy for each function or object of the other side, while it is in use here. */
export class ImportTable<P extends object, D> {
  readonly #options: ImportTableOptions<P, D>;
  readonly #byId = new Map<string, Imported<P>>();
  readonly #entries = new WeakMap<P, Imported<P>>();
  readonly #collected = new FinalizationRegistry<Imported<P>>((entry) => this.#giveBackUnused(entry));

  constructor(options: ImportTableOptions<P, D>) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  get entries(): Iterable<Readonly<Imported<P>>> {
    return this.#byId.values();
  }

  /** Finds the entry of a proxy. */
  entryOf(proxy: P): Imported<P> | undefined {
    return this.#entries.get(proxy);
  }

  /** A message that exports these ids has arrived. @throws {ProtocolError} if they exceed the limit */
  arrive(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byId.get(id);
      if (entry) entry.count++;
      else this.#byId.set(id, { id, count: 1, proxy: undefined, released: false, className: undefined });
    }
    const { limit, noun, option } = this.#options;
    if (this.#byId.size > limit) {
      throw new ProtocolError(`More ${noun}s arrived than the ${limit} that \`${option}\` allows.`);
    }
  }

  /** The message was read or dropped: gives back the ids that nobody took. */
  account(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byId.get(id);
      if (entry) this.#giveBackUnused(entry);
    }
  }

  /** @throws {ProtocolError} if the message did not export it */
  import(id: string, description: D): P {
    const entry = this.#byId.get(id);
    if (!entry) {
      throw new ProtocolError(
        `The ${this.#options.noun} ${id} arrived in a message that does not list it in \`coded\`.`,
      );
    }
    const known = entry.proxy?.deref();
    if (known) return known;
    const proxy = this.#options.createProxy(entry, description);
    entry.proxy = new WeakRef(proxy);
    this.#entries.set(proxy, entry);
    this.#collected.register(proxy, entry);
    return proxy;
  }

  /** Gives back every entry whose proxy was collected, without waiting for the finalization registry. */
  giveBackCollected(): void {
    for (const entry of this.#byId.values()) this.#giveBackUnused(entry);
  }

  /** Gives back an entry that may still be in use here. Calls to it then fail. Returns whether they worked before. */
  release(entry: Imported<P>): boolean {
    entry.released = true;
    if (this.#byId.get(entry.id) !== entry) return false;
    this.#giveBack(entry);
    return true;
  }

  /** The other side has released an entry. It is unknown here if this side gave it back at the same time. */
  releaseById(id: string): void {
    const entry = this.#byId.get(id);
    if (entry) this.release(entry);
  }

  clear(): void {
    this.#byId.clear();
  }

  #giveBackUnused(entry: Imported<P>): void {
    // Another proxy may have been made since, or another entry under the same id.
    if (entry.proxy?.deref() || this.#byId.get(entry.id) !== entry) return;
    this.#giveBack(entry);
  }

  #giveBack(entry: Imported<P>): void {
    this.#byId.delete(entry.id);
    this.#options.giveBack(entry);
  }
}
