import { isProcxyError, SerializationError } from '../errors.js';
import type { Descriptor, Wire } from '../protocol.js';
import { isError, isPlain } from '../realm.js';
import type { Origin } from './codec.js';
import * as refusals from './refusals.js';
import type { Refusal } from './refusals.js';
import { formatPath, formatPlace } from './path.js';
import { findRegisteredHandler } from './registry.js';
import type { EncodeContext, Key, TransferHandler } from './transfer-handlers.js';

/** One encoding of one value, in either mode: keeps the current path, makes errors, and asks the handlers. */
export abstract class Walk implements EncodeContext {
  /** Whether a descriptor was written. */
  coded = false;
  /** The keys on the path from the root to the current value. */
  protected readonly keys: Key[] = [];
  /** The objects on that path. */
  readonly parents: object[] = [];
  /** How many levels descriptors add to that path. */
  protected around = 0;
  #optional = 0;
  readonly #handlers: readonly TransferHandler[];
  readonly #origin: Origin;
  readonly #plain: TransferHandler | undefined;

  /** @param plain the one among the handlers that is asked for plain objects too */
  constructor(handlers: readonly TransferHandler[], origin: Origin, plain: TransferHandler | undefined) {
    this.#handlers = handlers;
    this.#origin = origin;
    this.#plain = plain;
  }

  /** Encodes the value at the current path. */
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

  /** Whether this is the array of a call's arguments. It is the message's, not the user's. */
  protected isArguments(value: object): boolean {
    return this.#origin.root === 'args' && this.parents.length === 1 && Array.isArray(value);
  }

  /** The key of the current value in its parent, which `toJSON` gets as its argument. */
  protected lastKey(): string {
    const key = this.keys.at(-1) ?? '';
    return typeof key === 'object' ? key.place : String(key);
  }

  protected handlerOf(value: object): TransferHandler | undefined {
    return findRegisteredHandler(value) ?? this.#handlers.find((handler) => handler.canHandle(value));
  }

  protected plainHandlerOf(value: object): TransferHandler | undefined {
    return this.#plain?.canHandle(value) ? this.#plain : undefined;
  }

  /** @throws {SerializationError} for an instance with methods, if the origin refuses them */
  protected refuseMethods(value: object): void {
    if (!this.#origin.refuseMethods) return;
    const names = methodNames(value);
    if (names.length > 0) this.reject(refusals.losesMethods(value, names));
  }

  /** Encodes a value with a handler. */
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

  /** Refuses a property that could not be read, because a getter or a Proxy threw. */
  protected unreadable(key: string, error: unknown): never {
    this.keys.push(key);
    throw this.#refusal(refusals.throwing(error), error);
  }

  protected reject(refusal: Refusal): never {
    throw this.#refusal(refusal);
  }

  /** Keeps a procxy error. Any other error is a stack overflow, or comes from a getter, a `toJSON`, a handler or a Proxy. */
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

/** Whether an object is only its properties. An iterator is not. */
export function isData(value: object): boolean {
  return isPlain(value) && !(Symbol.asyncIterator in value) && !(Symbol.iterator in value && 'next' in value);
}

/** Names the methods and accessors that the classes of an instance define, except for built-in classes. */
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

/** Makes an array that has only holes. */
export function holes(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

/** Keys with this prefix are reserved for descriptors. A user object that has such a key is escaped. */
export const DESCRIPTOR_PREFIX = '__procxy_';

/** Assigns a property. A plain assignment to `__proto__` would change the prototype. */
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
