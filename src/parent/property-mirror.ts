import type { Codec } from '../codec/codec.js';
import { describeReason, PropertyError, ProtocolError } from '../errors.js';
import type { PropertyUpdate, Wire } from '../protocol.js';

/** The most properties to accept. An honest child sends far fewer: it does not mirror an instance with more than 1,000. */
const MOST = 10_000;

/** A wire value is decoded when it is first read. By then the proxy, which it may refer to, exists. */
type Entry = { wire: Wire; coded: boolean } | { value: unknown } | { reason: string };

/** The instance's public properties, as of the child's last flush. Reading them needs no round trip. */
export class PropertyMirror {
  readonly #entries = new Map<string, Entry>();
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** @throws {ProtocolError} if there are too many properties */
  apply({ set = [], unavailable = [], removed = [], coded }: PropertyUpdate): void {
    for (const [name, wire] of set) this.#entries.set(name, { wire, coded: coded === true });
    this.markUnavailable(unavailable);
    for (const name of removed) this.#entries.delete(name);
    if (this.#entries.size > MOST) throw new ProtocolError(`The child sent more properties than the limit of ${MOST}.`);
  }

  markUnavailable(reasons: [name: string, reason: string][]): void {
    for (const [name, reason] of reasons) this.#entries.set(name, { reason });
  }

  /** Whether the instance has a property of this name, readable or not. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The names of readable properties. */
  names(): string[] {
    return [...this.#entries].filter(([, entry]) => !('reason' in entry)).map(([name]) => name);
  }

  isReadable(name: string): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && !('reason' in entry);
  }

  /**
   * Returns a property's value. Objects are frozen, since changes to them would not reach the child.
   * @throws {PropertyError} if it is not mirrored, with the reason
   */
  read(name: string): unknown {
    const entry = this.#decoded(name);
    if (!entry) return undefined;
    if ('value' in entry) return entry.value;
    throw new PropertyError(
      `The property ${name} is not mirrored: ${entry.reason}. Read it in the child with \`await proxy.$get('${name}')\`.`,
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

  /** All readable properties, for `util.inspect`. */
  snapshot(): Record<string, unknown> {
    const decoded = this.names().map((name) => [name, this.#decoded(name)] as const);
    return Object.fromEntries(
      decoded.flatMap(([name, entry]) => (entry && 'value' in entry ? [[name, entry.value]] : [])),
    );
  }
}

/** Freezes plain data only. A change to a mirrored error, for example, does not look like a change to the instance. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
