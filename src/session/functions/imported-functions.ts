import type { UntypedFunction } from '../../types/any-function.js';
import { ProtocolError } from '../../errors.js';
import type { CallbackDescriptor } from '../../protocol.js';

/** A function of the other side, as this side knows it. */
export interface Imported {
  readonly id: string;
  /** In how many messages it has arrived since the other side was last told. */
  count: number;
  /** What stands for it here, while somebody holds that. */
  proxy: WeakRef<UntypedFunction> | undefined;
  /** Whether one of the sides has let go of it. */
  released: boolean;
}

export interface ImportedFunctionsOptions {
  /** How many may live at a time. */
  limit: number;
  /** Makes what stands for a function. It must hold `entry`, and nothing may hold it but its users. */
  createProxy(entry: Imported, meta: CallbackDescriptor['__procxy_meta']): UntypedFunction;
  /** Tells the other side that a function is not needed any more. */
  giveBack(entry: Imported): void;
}

/** The receiver's registry: a proxy function for each function of the other side, for as long as it is in use here. */
export class ImportedFunctions {
  readonly #options: ImportedFunctionsOptions;
  readonly #byId = new Map<string, Imported>();
  readonly #entries = new WeakMap<UntypedFunction, Imported>();
  readonly #collected = new FinalizationRegistry<Imported>((entry) => this.#giveBackUnused(entry));

  constructor(options: ImportedFunctionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** What a proxy function stands for. */
  entryOf(fn: UntypedFunction): Imported | undefined {
    return this.#entries.get(fn);
  }

  /** A message has come that exports these. @throws {ProtocolError} when they are too many */
  arrive(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byId.get(id);
      if (entry) entry.count++;
      else this.#byId.set(id, { id, count: 1, proxy: undefined, released: false });
    }
    if (this.#byId.size > this.#options.limit) {
      throw new ProtocolError(`More functions arrived than the ${this.#options.limit} that \`maxCallbacks\` allows.`);
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
  import({ __procxy_callback: id, __procxy_meta: meta }: CallbackDescriptor): UntypedFunction {
    const entry = this.#byId.get(id);
    if (!entry) throw new ProtocolError(`The function ${id} arrived in a message that does not name it.`);
    const known = entry.proxy?.deref();
    if (known) return known;
    const proxy = this.#options.createProxy(entry, meta);
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
  release(entry: Imported): boolean {
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

  #giveBackUnused(entry: Imported): void {
    // Another proxy may have been made since, or another entry under the same id.
    if (entry.proxy?.deref() || this.#byId.get(entry.id) !== entry) return;
    this.#giveBack(entry);
  }

  #giveBack(entry: Imported): void {
    this.#byId.delete(entry.id);
    this.#options.giveBack(entry);
  }
}
