import type { Codec } from '../codec/codec.js';
import { describeReason, PropertyError, ProtocolError } from '../errors.js';
import type { PropertyUpdate, Wire } from '../protocol.js';

/** An honest child tells of far fewer: it leaves an instance with more than a thousand alone. */
const MOST = 10_000;

/** A wire is decoded when it is first read: the proxy that it may refer to exists by then. */
type Entry = { wire: Wire; coded: boolean } | { value: unknown } | { reason: string };

/** The instance's public properties as of the child's last flush. They are read without a round trip. */
export class PropertyMirror {
  readonly #entries = new Map<string, Entry>();
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** @throws {ProtocolError} when there are too many */
  apply({ set = [], unavailable = [], removed = [], coded }: PropertyUpdate): void {
    for (const [name, wire] of set) this.#entries.set(name, { wire, coded: coded === true });
    this.markUnavailable(unavailable);
    for (const name of removed) this.#entries.delete(name);
    if (this.#entries.size > MOST)
      throw new ProtocolError(`More properties arrived than the ${MOST} that are mirrored.`);
  }

  markUnavailable(reasons: [name: string, reason: string][]): void {
    for (const [name, reason] of reasons) this.#entries.set(name, { reason });
  }

  /** Whether the instance has such a property, readable or not. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The names of those that can be read. */
  names(): string[] {
    return [...this.#entries].filter(([, entry]) => !('reason' in entry)).map(([name]) => name);
  }

  isReadable(name: string): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && !('reason' in entry);
  }

  /**
   * A property's value; what is an object is frozen, since a change of it would change nothing in the child.
   * @throws {PropertyError} when it is not mirrored, with the reason
   */
  read(name: string): unknown {
    const entry = this.#decoded(name);
    if (!entry) return undefined;
    if ('value' in entry) return entry.value;
    throw new PropertyError(
      `The property ${name} is not mirrored: ${entry.reason}. \`await proxy.$get('${name}')\` reads it in the child.`,
    );
  }

  #decoded(name: string): Exclude<Entry, { wire: Wire }> | undefined {
    const entry = this.#entries.get(name);
    if (!entry || !('wire' in entry)) return entry;
    const decoded = this.#decode(entry.wire, entry.coded);
    this.#entries.set(name, decoded);
    return decoded;
  }

  #decode(wire: Wire, coded: boolean): { value: unknown } | { reason: string } {
    try {
      const value = coded ? this.#codec.decode(wire) : wire;
      deepFreeze(value);
      return { value };
    } catch (error) {
      return { reason: describeReason(error) };
    }
  }

  /** All that can be read, for `util.inspect`. */
  snapshot(): Record<string, unknown> {
    const decoded = this.names().map((name) => [name, this.#decoded(name)] as const);
    return Object.fromEntries(
      decoded.flatMap(([name, entry]) => (entry && 'value' in entry ? [[name, entry.value]] : [])),
    );
  }
}

/** Data only: a mirrored error, or the proxy itself, is no copy that somebody could take for the original. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
