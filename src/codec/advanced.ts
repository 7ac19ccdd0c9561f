import { types } from 'node:util';
import { serialize } from 'node:v8';
import type { Wire } from '../protocol.js';
import { Decoding } from './advanced-decoding.js';
import { isLeaf } from './clone-leaf.js';
import type { Codec, Encoded, Origin } from './codec.js';
import { isDetached } from './detached.js';
import { explain } from './explain.js';
import * as refusals from './refusals.js';
import { copySmall } from './small-copy.js';
import { at, type Key, type Self, type TransferHandler } from './transfer-handlers.js';
import { assign, DESCRIPTOR_PREFIX, holes, isData, Walk } from './walk.js';

/**
 * Advanced mode: values that V8's structured clone carries cross as they are. A first walk refuses all other values, with their
 * paths, and finds out whether any part must be written as a descriptor. Only then is the value copied. Cycles and shared
 * references survive in both directions.
 */
export function createAdvancedCodec(handlers: readonly TransferHandler[], self: Self): Codec {
  const plain = handlers.find(({ takesPlain }) => takesPlain);
  return {
    encode(value: unknown, origin: Origin): Encoded {
      if ((typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') || value === null)
        return { wire: value, coded: undefined };
      const copy = value === self.current ? undefined : copySmall(value);
      if (copy !== undefined) return { wire: copy, coded: undefined };
      if (value !== undefined && value === self.current) return { wire: { __procxy_type: 'self' }, coded: true };
      const scan = new Scan(handlers, origin, plain);
      scan.root(value);
      if (!scan.coded) return { wire: value, coded: undefined, isLive: true };
      return { wire: new Copy(handlers, origin, plain).root(value), coded: true, isLive: true };
    },
    decode: (wire) => new Decoding(handlers).decode(wire),
    explain: (wire, origin, cause) => explain(wire, origin, cause, serialize),
    carriesBytes: true,
  };
}

/**
 * How many levels a value may have, including those of descriptors. From about 1,600 levels on, `v8.deserialize` overflows the
 * stack of the receiver, and no listener can catch that.
 */
const MAX_LEVELS = 1000;

/** Checks every part once. Writes nothing, and only notes that there are descriptors. */
class Scan extends Walk {
  readonly #seen = new Set<object>();

  protected value(value: unknown): undefined {
    if (typeof value === 'object' && value !== null) this.#object(value);
    else if (typeof value === 'function') this.#func(value);
    else if (typeof value === 'symbol') this.reject(refusals.symbol);
  }

  #object(value: object): void {
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    if (this.keys.length >= MAX_LEVELS) this.reject(refusals.levels(MAX_LEVELS));
    if (Array.isArray(value)) {
      if (types.isProxy(value)) this.reject(refusals.proxy);
      this.refuseMethods(value);
      return this.#array(value);
    }
    const plain = isData(value);
    if (plain ? this.plainHandlerOf(value) : this.handlerOf(value)) return void (this.coded = true);
    if (!plain) {
      if (isLeaf(value)) return this.#leaf(value);
      this.refuseMethods(value);
      if (types.isMap(value)) return this.#map(value);
      if (types.isSet(value)) return this.#set(value);
    }
    const refusal = refusals.refuseClone(value);
    if (refusal) this.reject(refusal);
    const keys = Object.keys(value);
    if (!plain && keys.length === 0) this.reject(refusals.empty(value));
    if (!plain && refusals.isLive(value, keys)) this.reject(refusals.live(value));
    for (const key of keys) {
      if (key.startsWith(DESCRIPTOR_PREFIX)) this.coded = true;
      let part: unknown;
      try {
        part = (value as Record<string, unknown>)[key];
      } catch (error) {
        this.unreadable(key, error);
      }
      this.#part(part, key);
    }
  }

  #leaf(value: object): void {
    if (isDetached(value)) this.reject(refusals.detached);
  }

  #func(value: object): void {
    if (!this.handlerOf(value)) this.reject(refusals.func);
    this.coded = true;
  }

  #array(array: unknown[]): void {
    for (let index = 0; index < array.length; index++) {
      const part = array[index];
      // From the first hole on, iterates by keys: a sparse array may be too long to iterate by index.
      if (part === undefined && !(index in array)) return this.#sparse(array, index);
      this.#part(part, index);
    }
  }

  #sparse(array: unknown[], from: number): void {
    for (const key of Object.keys(array)) {
      if (Number(key) < from) continue;
      this.#part((array as unknown as Record<string, unknown>)[key], Number(key));
    }
  }

  #map(map: Map<unknown, unknown>): void {
    let index = 0;
    for (const [key, part] of map) {
      this.#part(key, at.mapKey(index));
      this.#part(part, at.mapValue(key, index++));
    }
  }

  #set(set: Set<unknown>): void {
    let index = 0;
    for (const part of set) this.#part(part, at.member(index++));
  }

  /** Returns early for plain primitives, as most parts are: they need no key. */
  #part(part: unknown, key: Key): void {
    if (typeof part !== 'object' && typeof part !== 'function' && typeof part !== 'symbol') return;
    if (part === null) return;
    this.keys.push(key);
    this.value(part);
    this.keys.pop();
  }
}

/** Copies a value that contains descriptors. The checks that the scan has made are repeated for what handlers write. */
class Copy extends Walk {
  readonly #copies = new Map<object, Wire>();
  /** Objects that handlers are still encoding. A reference back to one of them has no target yet. */
  readonly #open = new Set<object>();

  protected value(value: unknown): Wire {
    if (typeof value === 'object' && value !== null) return this.#object(value);
    if (typeof value === 'function') return this.func(value);
    if (typeof value === 'symbol') return this.reject(refusals.symbol);
    return value;
  }

  #object(value: object): Wire {
    if (this.#open.has(value)) return this.reject(refusals.openCycle);
    const copy = this.#copies.get(value);
    if (copy !== undefined) return copy;
    if (this.keys.length + this.around >= MAX_LEVELS) this.reject(refusals.levels(MAX_LEVELS));
    this.parents.push(value);
    const content = this.#content(value);
    this.parents.pop();
    return content;
  }

  #content(value: object): Wire {
    if (Array.isArray(value)) return this.#properties(value, holes(value.length));
    const plain = isData(value);
    const handler = plain ? this.plainHandlerOf(value) : this.handlerOf(value);
    if (handler) return this.handled(value, handler);
    if (!plain) {
      if (isLeaf(value)) return isDetached(value) ? this.reject(refusals.detached) : value;
      if (types.isMap(value)) return this.#map(value);
      if (types.isSet(value)) return this.#set(value);
    }
    const refusal = refusals.refuseClone(value);
    if (refusal) this.reject(refusal);
    const keys = Object.keys(value);
    if (!plain && keys.length === 0) this.reject(refusals.empty(value));
    if (!plain && refusals.isLive(value, keys)) this.reject(refusals.live(value));
    const target = {};
    const escape = keys.some((key) => key.startsWith(DESCRIPTOR_PREFIX));
    this.#copies.set(value, escape ? this.descriptor('escaped', target) : target);
    this.#properties(value, target, escape ? 1 : 0);
    return this.#copies.get(value);
  }

  protected override handled(value: object, handler: TransferHandler): Wire {
    if (handler.mayBeCyclic) return this.#cyclic(value, handler);
    this.#open.add(value);
    try {
      const descriptor = super.handled(value, handler);
      this.#copies.set(value, descriptor);
      return descriptor;
    } finally {
      this.#open.delete(value);
    }
  }

  /** Registers the descriptor before encoding its parts, which may refer back to it. */
  #cyclic(value: object, handler: TransferHandler): Wire {
    const descriptor = this.descriptor(handler.name);
    this.#copies.set(value, descriptor);
    descriptor.value = handler.encode(value, this);
    return descriptor;
  }

  /** If a part cannot cross, also forgets the copies that were made for it. */
  override tryEncode(part: unknown, key: Key, around?: number): ReturnType<Walk['tryEncode']> {
    const before = this.#copies.size;
    const outcome = super.tryEncode(part, key, around);
    if (!outcome.crosses) for (const copied of [...this.#copies.keys()].slice(before)) this.#copies.delete(copied);
    return outcome;
  }

  /** Copies by keys, so that holes stay holes. */
  #properties<T extends object>(source: object, target: T, around = 0): T {
    if (!this.#copies.has(source)) this.#copies.set(source, target);
    const isArray = Array.isArray(source);
    for (const key of Object.keys(source)) {
      let part: unknown;
      try {
        part = (source as Record<string, unknown>)[key];
      } catch (error) {
        this.unreadable(key, error);
      }
      assign(target, key, this.encode(part, isArray ? Number(key) : key, around));
    }
    return target;
  }

  #map(map: Map<unknown, unknown>): Map<Wire, Wire> {
    const copy = new Map<Wire, Wire>();
    this.#copies.set(map, copy);
    let index = 0;
    for (const [key, part] of map) {
      copy.set(this.encode(key, at.mapKey(index)), this.encode(part, at.mapValue(key, index++)));
    }
    return copy;
  }

  #set(set: Set<unknown>): Set<Wire> {
    const copy = new Set<Wire>();
    this.#copies.set(set, copy);
    let index = 0;
    for (const part of set) copy.add(this.encode(part, at.member(index++)));
    return copy;
  }
}
