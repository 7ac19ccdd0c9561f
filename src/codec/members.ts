import { types } from 'node:util';
import { isPromise } from '../is-promise.js';
import { isUrl } from '../realm.js';

/** What of an object can be called from another process. */

/** Names that belong to the language. */
const reserved = new Set(['constructor', '__proto__']);

/** The well-known symbols under which an object has methods for others to call. */
export const wellKnownSymbols: Readonly<Record<string, symbol>> = {
  iterator: Symbol.iterator,
  asyncIterator: Symbol.asyncIterator,
  dispose: Symbol.dispose,
  asyncDispose: Symbol.asyncDispose,
  match: Symbol.match,
  matchAll: Symbol.matchAll,
  replace: Symbol.replace,
  search: Symbol.search,
  split: Symbol.split,
};

const nameOfSymbol = new Map(Object.entries(wellKnownSymbols).map(([name, symbol]) => [symbol, name]));

const objectMethods = new Set<unknown>(
  Object.values(Object.getOwnPropertyDescriptors(Object.prototype)).map((descriptor) => descriptor.value as unknown),
);

/** Those that every object has: `hasOwnProperty`, `toString`, … as inherited, not as overridden. */
export function isObjectMethod(candidate: unknown): boolean {
  return objectMethods.has(candidate);
}

export function isReservedName(name: string): boolean {
  return reserved.has(name);
}

/** The names of its methods, own and inherited. Reads no getter, which would run code. */
export function methodNames(object: object): Set<string> {
  return new Set([...callableKeys(object)].filter((key) => typeof key === 'string'));
}

/** The names of the well-known symbols under which it has methods. */
export function symbolNames(object: object): string[] {
  return [...callableKeys(object)].flatMap((key) => (typeof key === 'symbol' ? (nameOfSymbol.get(key) ?? []) : []));
}

/** Its method of a name, own or inherited; `undefined` for what a getter would give. */
export function findMethod(object: object, key: PropertyKey): ((...args: unknown[]) => unknown) | undefined {
  if (key === 'constructor' || key === '__proto__') return undefined;
  for (const level of levelsOf(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(level, key);
    if (!descriptor) continue;
    const value: unknown = descriptor.value;
    return isCallable(key, value) ? (value as (...args: unknown[]) => unknown) : undefined;
  }
  return undefined;
}

/**
 * Whether an object is more than its data: it has a method, and belongs to no class of the language, whose values cross in ways of
 * their own. Arrays are data, whatever methods they have.
 */
export function hasMethods(value: object): boolean {
  if (Array.isArray(value) || isPromise(value) || isOfLanguage(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (prototype !== null && inherits(prototype)) || hasOwnMethod(value);
}

/** For an object without a class: asked about every one that crosses. */
export function hasOwnMethod(value: object): boolean {
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor && isCallable(key, descriptor.value))
      return typeof (value as { then?: unknown }).then !== 'function';
  }
  return false;
}

/** Whether objects of a prototype have methods. Looked for once. */
const inheriting = new WeakMap<object, boolean>();

function inherits(prototype: object): boolean {
  let known = inheriting.get(prototype);
  if (known === undefined) {
    known =
      !isRoot(prototype) && [...callableKeys(prototype)].some((key) => typeof key === 'string' || isIteration(key));
    inheriting.set(prototype, known);
  }
  return known;
}

/** What an iterator has, and the helpers that the language gives synchronous ones. */
const iteratorMethods = new Set(['next', 'return', 'throw']);
const iteratorHelpers = new Set([
  'map',
  'filter',
  'take',
  'drop',
  'flatMap',
  'reduce',
  'toArray',
  'forEach',
  'some',
  'every',
  'find',
]);

/** Whether an object that can be iterated over has methods besides. The types of `Remote` make the same difference. */
export function isMoreThanIterator(value: object): boolean {
  const { next, [Symbol.iterator]: iterator } = value as Partial<Iterator<unknown> & Iterable<unknown>>;
  const isSynchronous = typeof next === 'function' && typeof iterator === 'function';
  return [...methodNames(value)].some(
    (name) => !iteratorMethods.has(name) && !(isSynchronous && iteratorHelpers.has(name)),
  );
}

function isIteration(key: symbol): boolean {
  return key === Symbol.iterator || key === Symbol.asyncIterator;
}

function callableKeys(object: object): Set<string | symbol> {
  const keys = new Set<string | symbol>();
  const seen = new Set<string | symbol>();
  for (const level of levelsOf(object)) {
    for (const key of Reflect.ownKeys(level)) {
      if (seen.has(key)) continue;
      seen.add(key);
      if (isCallable(key, Object.getOwnPropertyDescriptor(level, key)?.value)) keys.add(key);
    }
  }
  return keys;
}

function isCallable(key: PropertyKey, value: unknown): boolean {
  if (typeof value !== 'function' || isObjectMethod(value)) return false;
  return typeof key === 'symbol' ? nameOfSymbol.has(key) : !reserved.has(String(key));
}

/** The object and its prototypes, without the last one that all objects have. */
function* levelsOf(object: object): Generator<object> {
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (level !== object && isRoot(level)) return;
    yield level;
  }
}

/** Whether it is the `Object.prototype` of any realm. */
function isRoot(level: object): boolean {
  return (
    level === Object.prototype ||
    (Object.getPrototypeOf(level) === null &&
      Object.hasOwn(level, 'isPrototypeOf') &&
      Object.hasOwn(level, '__proto__'))
  );
}

const languageTypes = [
  types.isMap,
  types.isSet,
  types.isWeakMap,
  types.isWeakSet,
  types.isDate,
  types.isRegExp,
  types.isAnyArrayBuffer,
  types.isBoxedPrimitive,
  types.isExternal,
  ArrayBuffer.isView,
  isUrl,
  (value: object) => value instanceof WeakRef,
] as const;

function isOfLanguage(value: object): boolean {
  // Deno lacks some of them.
  return languageTypes.some((test) => (test as typeof test | undefined)?.(value));
}
