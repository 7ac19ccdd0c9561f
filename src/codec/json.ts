import { types } from 'node:util';
import type { Wire } from '../protocol.js';
import type { Codec, Encoded, Origin } from './codec.js';
import { DescriptorReader, isDescriptor } from './descriptors.js';
import { explain } from './explain.js';
import * as refusals from './refusals.js';
import type { Self, TransferHandler } from './transfer-handlers.js';
import { assign, DESCRIPTOR_PREFIX, isData, Walk } from './walk.js';

/** Depth from which on each object is compared with its ancestors to detect cycles. Most values are shallower. */
const CYCLE_CHECK_DEPTH = 100;

/**
 * JSON mode: a value crosses unchanged or not at all. One walk both checks and copies, so that every getter runs only once and
 * nothing can change after the check. It refuses what JSON would change silently, with three well-known exceptions: properties
 * that are `undefined` are dropped, `toJSON()` is called (a Date arrives as a string), and instances arrive as plain objects.
 */
export function createJsonCodec(handlers: readonly TransferHandler[], self: Self): Codec {
  const reader = new DescriptorReader(handlers, { decode, announce: () => {} }, decodeIn);
  const plain = handlers.find(({ takesPlain }) => takesPlain);

  function encode(value: unknown, origin: Origin): Encoded {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null)
      return { wire: value, coded: undefined };
    // Checked here too, since the instance may be an array or a plain object, for which handlers are not asked.
    if (value !== undefined && value === self.current) return { wire: { __procxy_type: 'self' }, coded: true };
    if (isFlat(value)) return { wire: origin.root === 'args' ? value : value.slice(), coded: undefined };
    const walk = new JsonWalk(handlers, origin, plain);
    const wire = walk.root(value);
    return { wire, coded: walk.coded || undefined };
  }

  function decode(wire: Wire): unknown {
    if (typeof wire !== 'object' || wire === null) return wire;
    return isDescriptor(wire) ? reader.read(wire) : decodeIn(wire);
  }

  /**
   * Decodes without recursion, so that any depth can be read. Assigning is safe even for a key like `__proto__`: JSON.parse has
   * made it an own property.
   */
  function decodeIn(container: object): object {
    const pending = [container as Record<string, unknown>];
    for (let slots = pending.pop(); slots; slots = pending.pop()) {
      for (const key of Object.keys(slots)) {
        const value = slots[key];
        if (typeof value !== 'object' || value === null) continue;
        if (isDescriptor(value)) slots[key] = reader.read(value);
        else pending.push(value as Record<string, unknown>);
      }
    }
    return container;
  }

  return { encode, decode, explain, carriesBytes: false };
}

/** Whether a value is an array of plain primitives, as most arguments are. It can be copied without a walk. */
function isFlat(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || (value as { toJSON?: unknown }).toJSON !== undefined) return false;
  for (const part of value) if (!isCarried(part)) return false;
  return true;
}

/** Whether a value is a primitive that JSON carries unchanged. Most parts are, and need no walk and no key. */
function isCarried(value: unknown): value is string | number | boolean | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}

class JsonWalk extends Walk {
  protected value(value: unknown): Wire {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) return this.reject(refusals.refuseNumber(value));
        return Object.is(value, -0) ? this.descriptor('negative-zero') : value;
      case 'undefined':
        return this.descriptor('undefined');
      case 'object':
        return value === null ? null : this.#object(value);
      case 'function':
        return this.func(value);
      case 'bigint':
        return this.#bigint(value);
      default:
        return this.reject(refusals.symbol);
    }
  }

  /** A program may have added `toJSON` to `BigInt.prototype`. JSON.stringify() calls it, too. */
  #bigint(value: bigint): Wire {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== 'function') return this.reject(refusals.bigint);
    const form: unknown = Reflect.apply(toJSON, value, [this.lastKey()]);
    return typeof form === 'bigint' ? this.reject(refusals.bigint) : this.value(form);
  }

  #object(value: object): Wire {
    this.#enter(value);
    const wire = this.#content(value);
    this.parents.pop();
    return wire;
  }

  #content(value: object): Wire {
    const isArray = Array.isArray(value);
    const plain = !isArray && isData(value);
    if (!isArray) {
      const handler = plain ? this.plainHandlerOf(value) : this.handlerOf(value);
      if (handler) return this.handled(value, handler);
    }
    const { toJSON } = value as { toJSON?: unknown };
    const hasForm = typeof toJSON === 'function' && !ArrayBuffer.isView(value) && !this.isArguments(value);
    if (hasForm) return this.#ownForm(value);
    if (isArray) {
      this.refuseMethods(value);
      return this.#array(value);
    }
    return plain ? this.#properties(value) : this.#instance(value);
  }

  /** Encodes what the value's own `toJSON` returns. */
  #ownForm(value: object): Wire {
    if (types.isDate(value) && Number.isNaN(value.getTime())) return this.reject(refusals.invalidDate);
    const { toJSON } = value as { toJSON(key: string): unknown };
    const form: unknown = Reflect.apply(toJSON, value, [this.lastKey()]);
    // JSON.stringify() does not ask a form for its own. One that has the same method would give another, without end.
    if (typeof form !== 'object' || form === null || (form as { toJSON?: unknown }).toJSON !== toJSON) {
      return this.value(form);
    }
    return Array.isArray(form) ? this.#array(form) : this.#properties({ ...form, toJSON: undefined });
  }

  #instance(value: object): Wire {
    const refusal = refusals.refuseObject(value);
    if (refusal) return this.reject(refusal);
    this.refuseMethods(value);
    const keys = Object.keys(value);
    if (keys.length === 0) return this.reject(refusals.empty(value));
    if (refusals.isLive(value, keys)) return this.reject(refusals.live(value));
    return this.#properties(value);
  }

  #array(array: unknown[]): Wire[] {
    const copy: Wire[] = [];
    for (let index = 0; index < array.length; index++) {
      const value = array[index];
      if (isCarried(value)) {
        copy.push(value);
        continue;
      }
      this.keys.push(index);
      if (value === undefined && !(index in array)) this.reject(refusals.hole);
      copy.push(this.value(value));
      this.keys.pop();
    }
    return copy;
  }

  /** A spread copies the properties of an object in a third of the time that a loop takes, and runs each getter once. */
  #properties(object: object): Wire {
    const copy = this.#spread(object);
    let escape = false;
    let hasUndefined = false;
    // The copy has all its properties from the start, so this enumerates them without a list of keys.
    for (const key in copy) {
      const value = copy[key];
      if (value === undefined) hasUndefined = true;
      if (key.startsWith(DESCRIPTOR_PREFIX)) escape = true;
      // What a program has added to Object.prototype is enumerated too.
      if (value === undefined || isCarried(value) || !Object.hasOwn(copy, key)) continue;
      this.keys.push(key);
      assign(copy, key, this.value(value));
      this.keys.pop();
    }
    const wire = hasUndefined ? withoutUndefined(copy) : copy;
    return escape ? this.descriptor('escaped', wire) : wire;
  }

  #spread(object: object): Record<string, Wire> {
    try {
      return { ...object };
    } catch (error) {
      for (const key of Object.keys(object)) if (throws(object, key)) this.unreadable(key, error);
      throw error;
    }
  }

  #enter(value: object): void {
    const { parents } = this;
    if (parents.length >= CYCLE_CHECK_DEPTH && parents.includes(value)) {
      // The walk may have gone round the cycle several times. The path ends at the first return.
      const first = parents.findIndex((parent, index) => parents.indexOf(parent) < index);
      if (first !== -1) this.keys.length -= parents.length - first;
      this.reject(refusals.cycle);
    }
    parents.push(value);
  }
}

function throws(object: object, key: string): boolean {
  try {
    void (object as Record<string, unknown>)[key];
    return false;
  } catch {
    return true;
  }
}

/** JSON leaves out such properties. A channel within one process would not. */
function withoutUndefined(object: Record<string, Wire>): Record<string, Wire> {
  const rest: Record<string, Wire> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) assign(rest, key, value);
  return rest;
}
