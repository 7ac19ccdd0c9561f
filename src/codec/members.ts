import { types } from 'node:util';
import { isPromise } from '../is-promise.js';
import { isUrl } from '../realm.js';

/** The members of objects that can be called from another process. */

/** Names that are part of the language. */
const reserved = new Set(['constructor', '__proto__']);

/** The well-known symbols of methods that other code may call. */
export const wellKnownSymbols: Readonly<Record<string, symbol>> = Object.assign(Object.create(null) as object, {
  iterator: Symbol.iterator,
  asyncIterator: Symbol.asyncIterator,
  dispose: Symbol.dispose,
  asyncDispose: Symbol.asyncDispose,
  match: Symbol.match,
  matchAll: Symbol.matchAll,
  replace: Symbol.replace,
  search: Symbol.search,
  split: Symbol.split,
});

/** Whether the method under a well-known symbol returns an iterator. */
export function isIterator(name: string): boolean {
  return name === 'iterator' || name === 'asyncIterator';
}

/** Returns the symbol under which a proxy has such a method. Across processes every iteration is asynchronous. */
export function symbolOnProxy(name: string): symbol | undefined {
  return isIterator(name) ? Symbol.asyncIterator : wellKnownSymbols[name];
}

const nameOfSymbol = new Map(Object.entries(wellKnownSymbols).map(([name, symbol]) => [symbol, name]));

const objectMethods = new Set<unknown>(
  Object.values(Object.getOwnPropertyDescriptors(Object.prototype)).map((descriptor) => descriptor.value as unknown),
);

/** Methods of `Object.prototype`, such as `toString`. A method that overrides one is not among them. */
export function isObjectMethod(candidate: unknown): boolean {
  return objectMethods.has(candidate);
}

export function isReservedName(name: string): boolean {
  return reserved.has(name);
}

/** Lists the names of an object's methods, own and inherited. Does not read getters, which would run their code. */
export function methodNames(object: object): Set<string> {
  return new Set([...callableKeys(object)].filter((key) => typeof key === 'string'));
}

/** Lists the well-known symbols for which an object has methods. */
export function symbolNames(object: object): string[] {
  return [...callableKeys(object)].flatMap((key) => (typeof key === 'symbol' ? (nameOfSymbol.get(key) ?? []) : []));
}

/** Finds a method by its name, own or inherited. Returns `undefined` for a getter. */
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
 * Whether an object is more than its data: it has a method, and is not an instance of a built-in class, which crosses in its own way.
 * Arrays always count as data.
 */
export function hasMethods(value: object): boolean {
  if (Array.isArray(value) || isPromise(value) || isOfLanguage(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (prototype !== null && inherits(prototype)) || hasOwnMethod(value);
}

/** Whether an object without a class has methods. Fast, since it is called for every such object that crosses. */
export function hasOwnMethod(value: object): boolean {
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor && isCallable(key, descriptor.value))
      return typeof (value as { then?: unknown }).then !== 'function';
  }
  return false;
}

/** Whether objects with this prototype have methods. Cached. */
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

/** The methods of iterators, and the helpers of synchronous iterators. */
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

/** Whether an iterable has more methods. The types of `Remote` make the same distinction. */
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

/** Lists the object and its prototypes, except for `Object.prototype`. */
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
