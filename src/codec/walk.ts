import { isProcxyError, SerializationError } from '../errors.js';
import type { Descriptor, Wire } from '../protocol.js';
import { isError, isPlain } from '../realm.js';
import type { Origin } from './codec.js';
import * as refusals from './refusals.js';
import type { Refusal } from './refusals.js';
import { formatPath, formatPlace } from './path.js';
import { findRegisteredHandler } from './registry.js';
import type { EncodeContext, Key, TransferHandler } from './transfer-handlers.js';

/** One encoding of one value, in either mode: where the walk stands, what it refuses, whom it asks. */
export abstract class Walk implements EncodeContext {
  /** Whether a descriptor was written. */
  coded = false;
  /** The keys from the root to where the walk stands, */
  protected readonly keys: Key[] = [];
  /** and the objects along them. */
  readonly parents: object[] = [];
  /** How many objects that belong to descriptors stand around it besides. */
  protected around = 0;
  #optional = 0;
  readonly #handlers: readonly TransferHandler[];
  readonly #origin: Origin;

  constructor(handlers: readonly TransferHandler[], origin: Origin) {
    this.#handlers = handlers;
    this.#origin = origin;
  }

  /** Encodes what stands at the current keys. */
  protected abstract value(value: unknown): Wire;

  root(value: unknown): Wire {
    try {
      return this.value(value);
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }

  encode(part: unknown, key: Key, around = 0): Wire {
    this.keys.push(key);
    this.around += around;
    const wire = this.value(part);
    this.around -= around;
    this.keys.pop();
    return wire;
  }

  tryEncode(part: unknown, key: Key, around = 0): { crosses: boolean; wire?: Wire; refusal?: unknown } {
    const depth = this.keys.length;
    const parents = this.parents.length;
    const outer = this.around;
    this.#optional++;
    try {
      return { crosses: true, wire: this.encode(part, key, around) };
    } catch (error) {
      const refusal = this.#refusalOf(error);
      this.keys.length = depth;
      this.parents.length = parents;
      this.around = outer;
      return { crosses: false, refusal };
    } finally {
      this.#optional--;
    }
  }

  get container(): object | undefined {
    return this.parents.at(-1);
  }

  get isOptional(): boolean {
    return this.#optional > 0;
  }

  refuse(what: string, remedy: string): never {
    return this.reject({ what, remedy });
  }

  /** The name under which the current value stands in its parent, as `toJSON` is told. */
  protected lastKey(): string {
    const key = this.keys.at(-1) ?? '';
    return typeof key === 'object' ? key.place : String(key);
  }

  protected handlerOf(value: object): TransferHandler | undefined {
    return findRegisteredHandler(value) ?? this.#handlers.find((handler) => handler.canHandle(value));
  }

  /** @throws {SerializationError} for an instance with methods, where such are not to lose them */
  protected refuseMethods(value: object): void {
    if (!this.#origin.refuseMethods) return;
    const names = methodNames(value);
    if (names.length > 0) this.reject(refusals.losesMethods(value, names));
  }

  /** What a handler makes of a value. */
  protected handled(value: object, handler: TransferHandler): Wire {
    const wire = handler.encode(value, this);
    if (!handler.describesItself) return this.descriptor(handler.name, wire);
    this.coded = true;
    return wire;
  }

  protected func(value: object): Wire {
    const handler = this.handlerOf(value);
    return handler ? this.handled(value, handler) : this.reject(refusals.func);
  }

  protected descriptor(type: string, value?: Wire): Descriptor {
    this.coded = true;
    return value === undefined ? { __procxy_type: type } : { __procxy_type: type, value };
  }

  /** A getter or a Proxy threw where a property was to be read. */
  protected unreadable(key: string, error: unknown): never {
    this.keys.push(key);
    throw this.#refusal(refusals.throwing(error), error);
  }

  protected reject(refusal: Refusal): never {
    throw this.#refusal(refusal);
  }

  /** A refusal stays what it is. Else the stack was too small, or a getter, a toJSON, a handler or a Proxy threw. */
  #refusalOf(error: unknown): unknown {
    if (isProcxyError(error)) return error;
    return this.#refusal(isStackOverflow(error) ? refusals.depth : refusals.throwing(error), error);
  }

  #refusal({ what, remedy }: Refusal, cause?: unknown): SerializationError {
    const path = formatPath(this.#origin.root, this.keys);
    const where = formatPlace(this.#origin, path);
    return new SerializationError(`${where} is ${what}. ${remedy}`, path, cause === undefined ? undefined : { cause });
  }
}

/** Whether an object is nothing but its properties. An iterator has its items elsewhere. */
export function isData(value: object): boolean {
  return isPlain(value) && !(Symbol.asyncIterator in value) && !(Symbol.iterator in value && 'next' in value);
}

/** The methods and accessors that the classes of an instance define, built-in classes left out. */
function methodNames(value: object): string[] {
  const names: string[] = [];
  let level = Object.getPrototypeOf(value) as object | null;
  for (; level && !isBuiltIn(level); level = Object.getPrototypeOf(level) as object | null) {
    for (const [name, { value: member, get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor' && (get || typeof member === 'function')) names.push(name);
    }
  }
  return names;
}

function isBuiltIn(prototype: object): boolean {
  const { constructor } = prototype;
  return (
    typeof constructor === 'function' && Function.prototype.toString.call(constructor).endsWith('{ [native code] }')
  );
}

/** An array of nothing but holes. */
export function holes(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

/** Keys that begin so are ours: an object of the user's that has one is escaped. */
export const DESCRIPTOR_PREFIX = '__procxy_';

/** Plain assignment to `__proto__` would change the prototype. */
export function assign(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else (target as Record<string, unknown>)[key] = value;
}

function isStackOverflow(error: unknown): boolean {
  try {
    return isError(error) && error.name === 'RangeError' && error.message.startsWith('Maximum call stack');
  } catch {
    return false;
  }
}
