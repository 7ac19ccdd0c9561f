import { ProtocolError } from '../../errors.js';

/** A function or object of this side that the other side holds. */
export interface Exported<T extends object> {
  readonly id: string;
  /** `undefined` if it was released while the other side still holds it. */
  value: T | undefined;
  /** The number of messages with this value that the other side has not accounted for yet. */
  sent: number;
}

export interface ExportTableOptions<E> {
  /** The most values that may be exported at a time. */
  limit: number;
  /** What the values are called in error messages, such as `function`. */
  noun: string;
  /** Makes the error for an export beyond the limit. */
  limitError(limit: number): Error;
  /** Called when the other side no longer holds a value. */
  onForget?(entry: E): void;
}

/** The owner's registry: its values by the ids that the other side knows. */
export class ExportTable<T extends object, E extends Exported<T>> {
  readonly #options: ExportTableOptions<E>;
  readonly #byId = new Map<string, E>();
  readonly #ids = new WeakMap<T, string>();
  /** Ids exported by the message that is being encoded. */
  readonly #pending = new Set<string>();
  #live = 0;

  constructor(options: ExportTableOptions<E>) {
    this.#options = options;
  }

  /** The number of exported values that are not released. */
  get size(): number {
    return this.#live;
  }

  get entries(): Iterable<E> {
    return this.#byId.values();
  }

  takePending(): string[] {
    const ids = [...this.#pending];
    this.#pending.clear();
    for (const id of ids) (this.#byId.get(id) as E).sent++;
    return ids;
  }

  discardPending(): void {
    for (const id of this.#pending) if (this.#byId.get(id)?.sent === 0) this.#forget(id);
    this.#pending.clear();
  }

  /** @throws {ProtocolError} for an id that was never exported */
  get(id: string): E {
    const entry = this.#byId.get(id);
    if (!entry) throw new ProtocolError(`A message names a ${this.#options.noun} that was never exported: ${id}.`);
    return entry;
  }

  /** The other side has accounted for `count` messages. @throws {ProtocolError} if fewer were sent */
  giveBack(id: string, count: number): void {
    const entry = this.get(id);
    if (count > entry.sent) {
      throw new ProtocolError(`The ${this.#options.noun} ${id} was given back more often than it was sent.`);
    }
    entry.sent -= count;
    if (entry.sent === 0) this.#forget(id);
  }

  /** Releases a value that the other side may still hold. Returns its entry, if it was exported. */
  release(value: T): E | undefined {
    const id = this.#ids.get(value);
    if (id === undefined) return undefined;
    const entry = this.#byId.get(id) as E;
    entry.value = undefined;
    this.#ids.delete(value);
    this.#live--;
    return entry;
  }

  clear(): void {
    for (const { value } of this.#byId.values()) if (value) this.#ids.delete(value);
    this.#byId.clear();
    this.#live = 0;
  }

  /**
   * Exports a value with the message that is being encoded. Returns its entry.
   * @param create makes an entry for a value that has none
   * @throws the limit error
   */
  protected exportValue(value: T, create: () => E): E {
    const entry = this.#byId.get(this.#ids.get(value) ?? '') ?? this.#add(value, create);
    this.#pending.add(entry.id);
    return entry;
  }

  #add(value: T, create: () => E): E {
    const { limit, limitError } = this.#options;
    if (this.#live >= limit) throw limitError(limit);
    const entry = create();
    this.#byId.set(entry.id, entry);
    this.#ids.set(value, entry.id);
    this.#live++;
    return entry;
  }

  #forget(id: string): void {
    const entry = this.#byId.get(id) as E;
    const { value } = entry;
    this.#byId.delete(id);
    this.#options.onForget?.(entry);
    if (!value) return;
    this.#ids.delete(value);
    this.#live--;
  }
}
