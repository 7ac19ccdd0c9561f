import { clearTimeout, now, setTimeout } from '../clock.js';
import type { Codec } from '../codec/codec.js';
import { describeReason } from '../errors.js';
import type { MirrorRequest, PropertyUpdate, Wire } from '../protocol.js';
import { costOf, LookBudget } from './look-budget.js';
import { PropertyChanges } from './property-changes.js';
import { measure } from './size.js';

/** The longest time after a call until a change inside an object is noticed, in ms. */
const INTERVAL = 100;
/** An instance with more properties is a dictionary, and not mirrored: listing its keys would slow every call down. */
export const MAX_PROPERTIES = 1000;

/** What was last sent to the parent about a property. */
interface Told {
  readonly value: unknown;
  /** The fingerprint of an object's content. */
  readonly print: string | undefined;
  /** Why the parent cannot read it. */
  readonly reason: string | undefined;
  /** Bytes that count towards the limit. */
  readonly bytes: number;
  /** Whether the same value may have different content later. */
  readonly mayChange: boolean;
  /** The time and the cost of the last look inside, in ms. */
  lookedAt: number;
  cost: number;
}

export interface PropertyWatchOptions {
  object: object;
  codec: Codec;
  mirror: MirrorRequest;
  /** Makes the session take the changes and send them. */
  flush(): void;
  /** Returns the same text for the same content, however deep a change is. */
  fingerprint(wire: Wire): string;
  /** Whether a call is running, so that more changes may follow. */
  isBusy(): boolean;
}

/**
 * Finds out which public properties have changed. Every flush compares primitives and identities. It looks inside objects as far
 * as a budget of 5 % of the time allows, and the next flush continues where it stopped:
 *
 *     properties   a  b  c  d  e  f         a flush looks inside c and d, then the budget is used up
 *                        ^     ^
 *                  #next ┘     └ #next after it
 *
 * A timer looks at the remaining ones 100 ms after a call. It runs only the getters that the option `mirror` names.
 */
export class PropertyWatch {
  readonly #options: PropertyWatchOptions;
  readonly #told = new Map<string, Told>();
  readonly #budget = new LookBudget(now());
  /** The index at which the next look inside objects begins, among those that may change. */
  #next = 0;
  /** Objects that were last looked at before this time, in ms, are looked at regardless of the budget. */
  #due = -Infinity;
  /** The time of the last flush, in ms. */
  #flushedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PropertyWatchOptions) {
    this.#options = options;
  }

  /** Returns the changes since the last call. Never throws, so that the message that follows does not fail. */
  takeChanges(): PropertyUpdate | undefined {
    try {
      return this.#look();
    } catch {
      // The instance is a Proxy whose traps throw: its properties stay as they were last seen.
      return undefined;
    }
  }

  /** The next flush looks inside every object. */
  refresh(): void {
    this.#due = Infinity;
  }

  /** Keeps the mirror fresh while calls run, and once more afterwards. */
  follow(): void {
    if (this.#timer || this.#options.mirror.names === 'none') return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#due = this.#flushedAt;
      this.#options.flush();
      if (this.#options.isBusy()) this.follow();
    }, INTERVAL);
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): PropertyUpdate | undefined {
    const { mirror } = this.#options;
    if (mirror.names === 'none') return undefined;
    const changes = new PropertyChanges();
    const names = mirror.names === 'own' ? this.#ownNames() : mirror.names;
    const open: string[] = [];
    let bytes = 0;
    for (const name of names) {
      if (this.#compare(name, bytes, changes)) open.push(name);
      bytes += this.#told.get(name)?.bytes ?? 0;
    }
    if (mirror.names === 'own') this.#forgetMissing(names, changes);
    if (open.length > 0) this.#lookInside(open, changes);
    return changes.toUpdate();
  }

  /**
   * Compares a value by identity. Returns whether it is the same object as before, whose content may have changed.
   * @param bytes the size of the properties before it: if not all fit, the first ones are mirrored
   */
  #compare(name: string, bytes: number, changes: PropertyChanges): boolean {
    const before = this.#told.get(name);
    let value: unknown;
    try {
      value = (this.#options.object as Record<string, unknown>)[name];
    } catch (error) {
      this.#refuse(name, { value: failed, reason: `its getter threw (${describeReason(error)})` }, changes);
      return false;
    }
    if (before && Object.is(before.value, value) && bytes + before.bytes <= this.#options.mirror.limit)
      return before.mayChange;
    this.#tell(name, value, bytes, changes);
    return false;
  }

  #lookInside(names: readonly string[], changes: PropertyChanges): void {
    const start = now();
    this.#budget.earn(start);
    for (let count = 0; count < names.length; count++) {
      const name = names[(this.#next + count) % names.length] ?? '';
      const told = this.#told.get(name);
      if (!told || (told.lookedAt >= this.#due && !this.#budget.allows(told.cost))) {
        if (this.#due === -Infinity) {
          this.#next = (this.#next + count) % names.length;
          break;
        }
        continue;
      }
      this.#budget.spend(this.#tell(name, told.value, this.#bytesBefore(name), changes));
    }
    this.#due = -Infinity;
    this.#flushedAt = start;
  }

  #bytesBefore(name: string): number {
    let bytes = 0;
    for (const [other, told] of this.#told) {
      if (other === name) break;
      bytes += told.bytes;
    }
    return bytes;
  }

  /** Looks inside a value and reports what has changed. Returns the cost, in ms. */
  #tell(name: string, value: unknown, bytesBefore: number, changes: PropertyChanges): number {
    const start = now();
    const limit = this.#options.mirror.limit - bytesBefore;
    let seen = 0;
    try {
      const { bytes, code } = measure(value, limit, this.#options.object);
      seen = Math.min(bytes, limit);
      if (bytes > limit) {
        const reason = `with it, the properties exceed the limit of ${this.#options.mirror.limit} bytes, which \`mirrorLimit\` sets`;
        this.#refuse(name, { value, reason, mayChange: true }, changes);
      } else if (code !== undefined) {
        this.#refuse(name, { value, reason: `${code}, and reading it would run code` }, changes);
      } else this.#compareContent(name, value, bytes, changes);
    } catch (error) {
      // A value that cannot cross now may be able to after a change inside it, so it is looked at again like the others.
      this.#refuse(name, { value, reason: describeReason(error), mayChange: mayChangeWithin(value) }, changes);
    }
    const end = now();
    const cost = costOf(end - start, seen);
    const told = this.#told.get(name);
    if (told) [told.lookedAt, told.cost] = [end, cost];
    return cost;
  }

  #compareContent(name: string, value: unknown, bytes: number, changes: PropertyChanges): void {
    const before = this.#told.get(name);
    const { codec, fingerprint } = this.#options;
    const { wire, coded } = codec.encode(value, { root: name });
    const mayChange = mayChangeWithin(value);
    const print = mayChange ? fingerprint(wire) : undefined;
    const isSame =
      before?.reason === undefined && before?.print === print && (mayChange || Object.is(before?.value, value));
    if (!before || !isSame) changes.set(name, wire, coded !== undefined);
    this.#told.set(name, { value, print, reason: undefined, bytes, mayChange, lookedAt: 0, cost: 0 });
  }

  #refuse(
    name: string,
    { value, reason, mayChange = false }: { value: unknown; reason: string; mayChange?: boolean },
    changes: PropertyChanges,
  ): void {
    if (this.#told.get(name)?.reason !== reason) changes.unavailable(name, reason);
    this.#told.set(name, { value, print: undefined, reason, bytes: 0, mayChange, lookedAt: 0, cost: 0 });
  }

  #ownNames(): string[] {
    const { object } = this.#options;
    if (Array.isArray(object) || ArrayBuffer.isView(object)) return [];
    const keys = Object.keys(object);
    return keys.length > MAX_PROPERTIES ? [] : keys.filter((key) => isPublicData(object, key));
  }

  #forgetMissing(names: readonly string[], changes: PropertyChanges): void {
    // Every present property has an entry, so none is missing if the counts match.
    if (this.#told.size === names.length) return;
    const present = new Set(names);
    for (const name of this.#told.keys()) {
      if (present.has(name)) continue;
      this.#told.delete(name);
      changes.remove(name);
    }
  }
}

function mayChangeWithin(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Replaces the value of a getter that threw. It equals no other value. */
const failed = Symbol('failed');

function isPublicData(object: object, key: string): boolean {
  if (key.startsWith('_')) return false;
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor !== undefined && 'value' in descriptor && typeof descriptor.value !== 'function';
}
