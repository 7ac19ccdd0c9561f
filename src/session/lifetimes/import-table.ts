import { ProtocolError } from '../../errors.js';

/** Something of the other side, as this side knows it. */
export interface Imported<P extends object = object> {
  readonly id: string;
  /** In how many messages it has arrived since the other side was last told. */
  count: number;
  /** What stands for it here, while somebody holds that. */
  proxy: WeakRef<P> | undefined;
  /** Whether one of the sides has let go of it. */
  released: boolean;
}

export interface ImportTableOptions<P extends object, D> {
  /** How many may live at a time. */
  limit: number;
  /** The option that says so, */
  option: string;
  /** and what they are, for sentences: `function`. */
  noun: string;
  /** Makes what stands for one. It must hold `entry`, and nothing may hold it but its users. */
  createProxy(entry: Imported<P>, description: D): P;
  /** Tells the other side that one is not needed any more. */
  giveBack(entry: Imported<P>): void;
}

/** The receiver's registry: a proxy for each thing of the other side, for as long as it is in use here. */
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

  /** What a proxy stands for. */
  entryOf(proxy: P): Imported<P> | undefined {
    return this.#entries.get(proxy);
  }

  /** A message has come that exports these. @throws {ProtocolError} when they are too many */
  arrive(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byId.get(id);
      if (entry) entry.count++;
      else this.#byId.set(id, { id, count: 1, proxy: undefined, released: false });
    }
    const { limit, noun, option } = this.#options;
    if (this.#byId.size > limit) {
      throw new ProtocolError(`More ${noun}s arrived than the ${limit} that \`${option}\` allows.`);
    }
  }

  /** The message has been read, or dropped: those that nobody took are given back. */
  account(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byId.get(id);
      if (entry) this.#giveBackUnused(entry);
    }
  }

  /** @throws {ProtocolError} when the message did not export it */
  import(id: string, description: D): P {
    const entry = this.#byId.get(id);
    if (!entry) {
      throw new ProtocolError(`The ${this.#options.noun} ${id} arrived in a message that does not name it.`);
    }
    const known = entry.proxy?.deref();
    if (known) return known;
    const proxy = this.#options.createProxy(entry, description);
    entry.proxy = new WeakRef(proxy);
    this.#entries.set(proxy, entry);
    this.#collected.register(proxy, entry);
    return proxy;
  }

  /** Gives back all whose proxy is gone, without waiting to be told by the engine. */
  giveBackCollected(): void {
    for (const entry of this.#byId.values()) this.#giveBackUnused(entry);
  }

  /** Gives one back that is still in use here: it cannot be called any more. Returns whether it could before. */
  release(entry: Imported<P>): boolean {
    entry.released = true;
    if (this.#byId.get(entry.id) !== entry) return false;
    this.#giveBack(entry);
    return true;
  }

  /** The other side has let go of it. Where it is not known, it has been given back, and the two messages have crossed. */
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
