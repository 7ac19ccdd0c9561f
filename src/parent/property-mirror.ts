import type { Codec } from '../codec/codec.js';
import { PropertyError, SerializationError } from '../errors.js';
import type { PropertyUpdate, Wire } from '../protocol.js';

type Entry = { value: unknown; frozen: boolean } | { reason: string };

/** The instance's public properties as of the child's last flush. They are read without a round trip. */
export class PropertyMirror {
  readonly #entries = new Map<string, Entry>();
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  apply({ set = [], unavailable = [], removed = [], coded }: PropertyUpdate): void {
    for (const [name, wire] of set) {
      this.#entries.set(name, coded ? this.#decode(wire) : { value: wire, frozen: false });
    }
    this.markUnavailable(unavailable);
    for (const name of removed) this.#entries.delete(name);
  }

  markUnavailable(reasons: [name: string, reason: string][]): void {
    for (const [name, reason] of reasons) this.#entries.set(name, { reason });
  }

  #decode(wire: Wire): Entry {
    try {
      return { value: this.#codec.decode(wire), frozen: false };
    } catch (error) {
      if (error instanceof SerializationError) return { reason: error.message.replace(/\.$/, '') };
      throw error;
    }
  }

  /** Whether the instance has such a property, readable or not. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The names of those that can be read. */
  names(): string[] {
    return [...this.#entries].filter(([, entry]) => 'value' in entry).map(([name]) => name);
  }

  isReadable(name: string): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && 'value' in entry;
  }

  /**
   * A property's value; what is an object is frozen, since a change of it would change nothing in the child.
   * @throws {PropertyError} when it is not mirrored, with the reason
   */
  read(name: string): unknown {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    if ('reason' in entry) {
      throw new PropertyError(
        `The property ${name} is not mirrored: ${entry.reason}. \`await proxy.$get('${name}')\` reads it in the child.`,
      );
    }
    if (!entry.frozen) {
      deepFreeze(entry.value);
      entry.frozen = true;
    }
    return entry.value;
  }

  /** All that can be read, for `util.inspect`. */
  snapshot(): Record<string, unknown> {
    return Object.fromEntries(this.names().map((name) => [name, this.read(name)]));
  }
}

/** Data only: a mirrored error, or the proxy itself, is no copy that somebody could take for the original. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
