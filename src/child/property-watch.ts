import { setTimeout } from '../clock.js';
import type { Codec } from '../codec/codec.js';
import { describeReason } from '../errors.js';
import type { MirrorRequest, PropertyUpdate, Wire } from '../protocol.js';
import { sizeWithin } from './size.js';

/** While a call runs, the mirror is this much behind at most, in ms. */
const INTERVAL = 100;
/** An instance with more properties is a dictionary: going through its keys would cost every call. */
const MAX_PROPERTIES = 1000;

/** What the parent was last told of a property. */
type Told = { kind: 'value'; value: unknown; print: string | undefined } | { kind: 'unavailable'; reason: string };

export interface PropertyWatchOptions {
  object: object;
  codec: Codec;
  mirror: MirrorRequest;
  /** Has what has changed taken and sent. */
  flush(): void;
  /** The same text for the same content, whatever has changed within. */
  fingerprint(wire: Wire): string;
  /** Whether a call runs, so that changes are to be expected. */
  isBusy(): boolean;
}

/** Finds out which public properties have changed. It runs no getter that it was not told to. */
export class PropertyWatch {
  readonly #options: PropertyWatchOptions;
  readonly #told = new Map<string, Told>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PropertyWatchOptions) {
    this.#options = options;
  }

  /** What has changed since the last time. It never throws: what is sent after it is not to fail for it. */
  takeChanges(): PropertyUpdate | undefined {
    try {
      return this.#look();
    } catch {
      // The instance is a Proxy that cannot be looked at: its properties stay as they were last seen.
      return undefined;
    }
  }

  #look(): PropertyUpdate | undefined {
    const { mirror } = this.#options;
    if (mirror.names === 'none') return undefined;
    const changes = new Changes();
    const names = mirror.names === 'own' ? this.#ownNames() : mirror.names;
    let budget = mirror.limit;
    for (const name of names) budget -= this.#lookAt(name, budget, changes);
    if (mirror.names === 'own') this.#forgetMissing(names, changes);
    return changes.toUpdate();
  }

  /** Keeps the mirror fresh for as long as calls run. */
  follow(): void {
    if (this.#timer || this.#options.mirror.names === 'none') return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#options.flush();
      if (this.#options.isBusy()) this.follow();
    }, INTERVAL);
    this.#timer.unref();
  }

  /** Compares one property with what was told of it. Returns what that took of the budget. */
  #lookAt(name: string, budget: number, changes: Changes): number {
    const before = this.#told.get(name);
    let value: unknown;
    try {
      value = (this.#options.object as Record<string, unknown>)[name];
    } catch (error) {
      this.#tellUnavailable(name, `its getter threw (${describeReason(error)})`, changes);
      return 0;
    }
    if (before && needsNoLook(before, value)) return 0;
    try {
      // The instance itself is written as one word, whatever it holds.
      const size = value === this.#options.object ? 0 : sizeWithin(value, budget);
      if (size === undefined) {
        const limit = `the limit of ${this.#options.mirror.limit} bytes`;
        this.#tellUnavailable(name, `it takes the properties over ${limit}, which \`mirrorLimit\` raises`, changes);
        return 0;
      }
      const { wire, coded } = this.#options.codec.encode(value, { root: name });
      const print = typeof value === 'object' && value !== null ? this.#options.fingerprint(wire) : undefined;
      if (before?.kind !== 'value' || !Object.is(before.value, value) || before.print !== print) {
        this.#told.set(name, { kind: 'value', value, print });
        changes.set(name, wire, coded !== undefined);
      }
      return size;
    } catch (error) {
      this.#tellUnavailable(name, describeReason(error), changes);
      return 0;
    }
  }

  #tellUnavailable(name: string, reason: string, changes: Changes): void {
    const before = this.#told.get(name);
    this.#told.set(name, { kind: 'unavailable', reason });
    if (before?.kind !== 'unavailable' || before.reason !== reason) changes.unavailable(name, reason);
  }

  #ownNames(): string[] {
    const { object } = this.#options;
    if (Array.isArray(object) || ArrayBuffer.isView(object)) return [];
    const keys = Object.keys(object);
    return keys.length > MAX_PROPERTIES ? [] : keys.filter((key) => isPublicData(object, key));
  }

  #forgetMissing(names: readonly string[], changes: Changes): void {
    // All that are there have been told of.
    if (this.#told.size === names.length) return;
    const present = new Set(names);
    for (const name of this.#told.keys()) {
      if (present.has(name)) continue;
      this.#told.delete(name);
      changes.remove(name);
    }
  }
}

/** One flush's worth of news. */
class Changes {
  readonly #update: PropertyUpdate = { type: 'property-update' };
  #any = false;

  set(name: string, wire: Wire, coded: boolean): void {
    this.#any = true;
    (this.#update.set ??= []).push([name, wire]);
    if (coded) this.#update.coded = true;
  }

  unavailable(name: string, reason: string): void {
    this.#any = true;
    (this.#update.unavailable ??= []).push([name, reason]);
  }

  remove(name: string): void {
    this.#any = true;
    (this.#update.removed ??= []).push(name);
  }

  toUpdate(): PropertyUpdate | undefined {
    return this.#any ? this.#update : undefined;
  }
}

/** Why the properties that are never watched cannot be read: what the parent says to who tries. */
export function listUnwatched(object: object, { names }: MirrorRequest): [name: string, reason: string][] {
  const reasons = new Map<string, string>();
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (Object.getPrototypeOf(level) === null && level !== object) break; // Object.prototype
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      // A name that begins with _ is private by convention: for the proxy it does not exist.
      if (reasons.has(name) || name.startsWith('_') || typeof value === 'function') continue;
      if (get) reasons.set(name, 'it is a getter, which is run only when `mirror` names it');
      else if (level === object && names !== 'own') reasons.set(name, 'the option `mirror` leaves it out');
      if (reasons.size > MAX_PROPERTIES) return [];
    }
  }
  if (typeof names === 'object') for (const name of names) reasons.delete(name);
  return [...reasons];
}

function isPublicData(object: object, key: string): boolean {
  if (key.startsWith('_')) return false;
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor !== undefined && 'value' in descriptor && typeof descriptor.value !== 'function';
}

/** A primitive that is the same. An object may have changed within. */
function needsNoLook(before: Told, value: unknown): boolean {
  return before.kind === 'value' && Object.is(before.value, value) && (typeof value !== 'object' || value === null);
}
