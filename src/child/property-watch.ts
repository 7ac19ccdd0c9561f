import type { Codec } from '../codec/codec.js';
import type { MirrorRequest, PropertyUpdate, Wire } from '../protocol.js';
import { sizeWithin } from './size.js';

/** While a call runs, the mirror is this much behind at most, in ms. */
const INTERVAL = 100;
/** An instance with more properties is a dictionary: going through its keys would cost every call. */
const MAX_PROPERTIES = 1000;

/** What the parent was last told of a property. */
type Told =
  | { kind: 'value'; value: unknown; json: string | undefined }
  /** `value` and `length` tell cheaply whether another look is worth it. */
  | { kind: 'unavailable'; reason: string; value: unknown; length: number };

export interface PropertyWatchOptions {
  object: object;
  codec: Codec;
  mirror: MirrorRequest;
  send(update: PropertyUpdate): void;
  /** Whether a call runs, so that changes are to be expected. */
  isBusy(): boolean;
}

/** Finds out which public properties have changed, and sends those. It runs no getter that it was not told to. */
export class PropertyWatch {
  readonly #options: PropertyWatchOptions;
  readonly #told = new Map<string, Told>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PropertyWatchOptions) {
    this.#options = options;
  }

  /** Sends what has changed since the last time, before the message that follows. */
  flush(): void {
    const { mirror, send } = this.#options;
    if (mirror.names === 'none') return;
    const changes = new Changes();
    const names = mirror.names === 'own' ? this.#ownNames() : mirror.names;
    let budget = mirror.limit;
    for (const name of names) budget -= this.#look(name, budget, changes);
    if (mirror.names === 'own') this.#forgetMissing(new Set(names), changes);
    const update = changes.toUpdate();
    if (update) send(update);
  }

  /** The same for what was too large, or could not cross, when it was last looked at. */
  refresh(): void {
    for (const [name, told] of this.#told) if (told.kind === 'unavailable') this.#told.delete(name);
    this.flush();
  }

  /** Keeps the mirror fresh for as long as calls run. */
  follow(): void {
    if (this.#timer || this.#options.mirror.names === 'none') return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
      if (this.#options.isBusy()) this.follow();
    }, INTERVAL);
    this.#timer.unref();
  }

  /** Compares one property with what was told of it. Returns what that took of the budget. */
  #look(name: string, budget: number, changes: Changes): number {
    const before = this.#told.get(name);
    let value: unknown;
    try {
      value = (this.#options.object as Record<string, unknown>)[name];
    } catch (error) {
      this.#tellUnavailable(name, undefined, `its getter threw (${String(error)})`, changes);
      return 0;
    }
    if (before && needsNoLook(before, value)) return 0;
    try {
      const size = sizeWithin(value, budget);
      if (size === undefined) {
        const limit = `the limit of ${this.#options.mirror.limit} bytes`;
        this.#tellUnavailable(
          name,
          value,
          `it takes the properties over ${limit}, which \`mirrorLimit\` raises`,
          changes,
        );
        return 0;
      }
      const { wire, coded } = this.#options.codec.encode(value, { root: name });
      const json = typeof value === 'object' ? JSON.stringify(wire) : undefined;
      if (before?.kind !== 'value' || !Object.is(before.value, value) || before.json !== json) {
        this.#told.set(name, { kind: 'value', value, json });
        changes.set(name, wire, coded);
      }
      return size;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#tellUnavailable(name, value, reason.replace(/\.$/, ''), changes);
      return 0;
    }
  }

  #tellUnavailable(name: string, value: unknown, reason: string, changes: Changes): void {
    const before = this.#told.get(name);
    this.#told.set(name, { kind: 'unavailable', reason, value, length: lengthOf(value) });
    if (before?.kind !== 'unavailable' || before.reason !== reason) changes.unavailable(name, reason);
  }

  #ownNames(): string[] {
    const { object } = this.#options;
    if (Array.isArray(object) || ArrayBuffer.isView(object)) return [];
    const keys = Object.keys(object);
    return keys.length > MAX_PROPERTIES ? [] : keys.filter((key) => isPublicData(object, key));
  }

  #forgetMissing(names: ReadonlySet<string>, changes: Changes): void {
    for (const name of this.#told.keys()) {
      if (names.has(name)) continue;
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
      if (reasons.has(name) || typeof value === 'function') continue;
      if (get) reasons.set(name, 'it is a getter, which is run only when `mirror` names it');
      else if (level === object && name.startsWith('_'))
        reasons.set(name, 'its name begins with _, as private ones do');
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

/** A primitive that is the same, or something that was too large and did not shrink. */
function needsNoLook(before: Told, value: unknown): boolean {
  if (!Object.is(before.value, value)) return false;
  if (typeof value !== 'object' || value === null) return true;
  return before.kind === 'unavailable' && lengthOf(value) >= before.length;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return 0;
}
