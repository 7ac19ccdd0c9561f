import { types } from 'node:util';
import { ProtocolError, SerializationError } from '../errors.js';
import type { Descriptor, Wire } from '../protocol.js';
import type { Codec, Encoded, Origin } from './codec.js';
import * as refusals from './refusals.js';
import type { Refusal } from './refusals.js';
import type { DecodeContext, EncodeContext, Key, Self, TransferHandler } from './transfer-handlers.js';

const PREFIX = '__procxy_';
/** From this depth on every object is compared with those around it. No cycle is deeper before it repeats. */
const CYCLE_CHECK_DEPTH = 100;
/** How many keys of a path are worth reading. */
const PATH_LIMIT = 100;

/**
 * JSON mode: a value crosses unchanged or not at all. One walk both checks and rewrites. What JSON would change
 * in silence is refused, but for three things that everybody knows of it: a property that is `undefined` is
 * dropped, `toJSON()` is honoured (a Date arrives as a string), and an instance arrives as a plain object.
 */
export function createJsonCodec(handlers: readonly TransferHandler[], self: Self): Codec {
  const byName = new Map(handlers.map((handler) => [handler.name, handler]));
  const decoder: DecodeContext = { decode };

  function encode(value: unknown, origin: Origin): Encoded {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return { wire: value, coded: false };
    // Here too, since an instance may be an array or a plain object, for which no handler is asked.
    if (value === self.current) return { wire: { __procxy_type: 'self' }, coded: true };
    const walk = new JsonWalk(handlers, origin);
    return { wire: walk.root(value), coded: walk.coded };
  }

  function decode(wire: Wire): unknown {
    if (typeof wire !== 'object' || wire === null) return wire;
    if (Array.isArray(wire)) return decodeIn(wire);
    const type = (wire as Partial<Descriptor>).__procxy_type;
    if (type === undefined || !Object.hasOwn(wire, '__procxy_type')) return decodeIn(wire);
    return decodeDescriptor(type, (wire as Descriptor).value);
  }

  function decodeDescriptor(type: string, value: Wire): unknown {
    if (type === 'undefined') return undefined;
    if (type === 'negative-zero') return -0;
    if (type === 'escaped') {
      if (typeof value !== 'object' || value === null) throw new ProtocolError('An escaped object is missing.');
      return decodeIn(value);
    }
    const handler = byName.get(type);
    if (!handler) throw new ProtocolError(`There is no transfer handler named ${JSON.stringify(type)}.`);
    return handler.decode(value, decoder);
  }

  /** Assigning is safe for a key like `__proto__` too: JSON.parse made it an own property. */
  function decodeIn(container: object): object {
    const slots = container as Record<string, unknown>;
    for (const key of Object.keys(slots)) {
      const value = slots[key];
      if (typeof value === 'object' && value !== null) slots[key] = decode(value);
    }
    return container;
  }

  return { encode, decode };
}

/** One encoding of one value. */
class JsonWalk implements EncodeContext {
  coded = false;
  readonly #handlers: readonly TransferHandler[];
  readonly #origin: Origin;
  /** The keys from the root to where the walk stands, and the objects along them. */
  readonly #keys: Key[] = [];
  readonly #parents: object[] = [];

  constructor(handlers: readonly TransferHandler[], origin: Origin) {
    this.#handlers = handlers;
    this.#origin = origin;
  }

  root(value: unknown): Wire {
    try {
      return this.#value(value);
    } catch (error) {
      if (error instanceof SerializationError) throw error;
      // Too deep for the stack, here or later in JSON.stringify; else a getter, a toJSON or a Proxy threw.
      return this.#refuse(error instanceof RangeError ? refusals.depth : refusals.throwing(error), error);
    }
  }

  encode(part: unknown, key: Key): Wire {
    this.#keys.push(key);
    const wire = this.#value(part);
    this.#keys.pop();
    return wire;
  }

  tryEncode(part: unknown, key: Key): { crosses: boolean; wire?: Wire } {
    const depth = this.#keys.length;
    const parents = this.#parents.length;
    try {
      return { crosses: true, wire: this.encode(part, key) };
    } catch {
      this.#keys.length = depth;
      this.#parents.length = parents;
      return { crosses: false };
    }
  }

  refuse(what: string, remedy: string): never {
    return this.#refuse({ what, remedy });
  }

  #value(value: unknown): Wire {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) return this.#refuse(refusals.refuseNumber(value));
        return Object.is(value, -0) ? this.#descriptor('negative-zero') : value;
      case 'undefined':
        return this.#descriptor('undefined');
      case 'object':
        return value === null ? null : this.#object(value);
      case 'function':
        return this.#refuse(refusals.func);
      case 'bigint':
        return this.#refuse(refusals.bigint);
      default:
        return this.#refuse(refusals.symbol);
    }
  }

  #object(value: object): Wire {
    this.#enter(value);
    const wire = this.#content(value);
    this.#parents.pop();
    return wire;
  }

  #content(value: object): Wire {
    if (Array.isArray(value)) return this.#array(value);
    const plain = isPlain(value);
    if (!plain) {
      const handler = this.#handlers.find((candidate) => candidate.canHandle(value));
      if (handler) return this.#descriptor(handler.name, handler.encode(value, this));
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function' && !ArrayBuffer.isView(value)) return this.#ownForm(value);
    return plain ? this.#properties(value) : this.#instance(value);
  }

  /** What the value's own `toJSON` makes of it; called here and, as JSON has it, not again on what it returns. */
  #ownForm(value: object): Wire {
    if (types.isDate(value) && Number.isNaN(value.getTime())) return this.#refuse(refusals.invalidDate);
    const key = String(this.#keys.at(-1) ?? '');
    const form = (value as { toJSON(key: string): unknown }).toJSON(key);
    const again = typeof form === 'object' && form !== null && 'toJSON' in form;
    return again ? this.#properties({ ...form, toJSON: undefined }) : this.#value(form);
  }

  #instance(value: object): Wire {
    const refusal = refusals.refuseObject(value);
    if (refusal) return this.#refuse(refusal);
    if (Object.keys(value).length === 0) return this.#refuse(refusals.empty(value));
    return this.#properties(value);
  }

  #array(array: unknown[]): Wire {
    let copy: Wire[] | undefined;
    for (let index = 0; index < array.length; index++) {
      const value = array[index];
      let wire: Wire = value;
      if (typeof value !== 'string' && value !== null) {
        this.#keys.push(index);
        if (value === undefined && !(index in array)) this.#refuse(refusals.hole);
        wire = this.#value(value);
        this.#keys.pop();
      }
      if (copy) copy.push(wire);
      else if (wire !== value) copy = [...array.slice(0, index), wire];
    }
    return copy ?? array;
  }

  #properties(object: object): Wire {
    const source = object as Record<string, unknown>;
    let copy: Record<string, Wire> | undefined;
    let escape = false;
    for (const key of Object.keys(source)) {
      const value = source[key];
      if (value === undefined) continue;
      if (key.startsWith(PREFIX)) escape = true;
      let wire: Wire = value;
      if (typeof value !== 'string' && value !== null) {
        this.#keys.push(key);
        wire = this.#value(value);
        this.#keys.pop();
        if (wire !== value) copy ??= { ...source };
      }
      if (copy) assign(copy, key, wire);
    }
    return escape ? this.#descriptor('escaped', copy ?? source) : (copy ?? source);
  }

  #descriptor(type: string, value?: Wire): Descriptor {
    this.coded = true;
    return value === undefined ? { __procxy_type: type } : { __procxy_type: type, value };
  }

  #enter(value: object): void {
    const parents = this.#parents;
    if (parents.length >= CYCLE_CHECK_DEPTH && parents.includes(value)) {
      // The walk went round several times before it was noticed: name the first return only.
      const first = parents.findIndex((parent, index) => parents.indexOf(parent) < index);
      this.#keys.length = first === -1 ? this.#keys.length : this.#keys.length - (parents.length - first);
      this.#refuse(refusals.cycle);
    }
    parents.push(value);
  }

  #refuse({ what, remedy }: Refusal, cause?: unknown): never {
    const { root, method, event } = this.#origin;
    const rest = this.#keys.length > PATH_LIMIT ? '…' : '';
    const path = root + this.#keys.slice(0, PATH_LIMIT).map(formatKey).join('') + rest;
    const subject = method === undefined ? event && `event ${event}` : `${method}()`;
    const where = subject === undefined ? path : `${subject}: ${path}`;
    throw new SerializationError(`${where} is ${what}. ${remedy}`, path, cause === undefined ? undefined : { cause });
  }
}

/** Of this realm or another: jest and `node:vm` bring their own `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function formatKey(key: Key): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Plain assignment to `__proto__` would change the prototype. */
function assign(target: Record<string, Wire>, key: string, value: Wire): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}
