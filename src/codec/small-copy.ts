import { types } from 'node:util';
import { DESCRIPTOR_PREFIX } from './walk.js';

/** The most objects in a small value. Comparing this many with each other for shared references costs almost nothing. */
const MAX_OBJECTS = 16;
/** The most keys of an object in a small value. Copying more takes longer than writing them immediately. */
const MAX_KEYS = 64;

/**
 * Copies a value that is small and plain: primitives, arrays and plain objects, none of them twice. The copy shares nothing with
 * the original, so that it can be written later. Returns `undefined` for other values, which may cross too.
 */
export function copySmall(value: unknown): unknown {
  if (typeof value !== 'object') return undefined;
  try {
    const copy = copyObject(value as object, []);
    return copy === OTHER ? undefined : copy;
  } catch {
    // A getter threw. It will throw again in the walk that reports its path.
    return undefined;
  }
}

/** Returned for a value that is not small and plain. It never leaves this file, so it cannot be confused with a user value. */
const OTHER = Symbol('something else');

function copyPart(value: unknown, seen: object[]): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : copyObject(value, seen);
    case 'function':
    case 'symbol':
      return OTHER;
    default:
      return value;
  }
}

function copyObject(value: object, seen: object[]): unknown {
  if (seen.length === MAX_OBJECTS || seen.includes(value) || types.isProxy(value)) return OTHER;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Array.prototype) {
    seen.push(value);
    return copyArray(value as unknown[], seen);
  }
  if (prototype !== Object.prototype) return OTHER;
  seen.push(value);
  return copyPlain(value as Record<string, unknown>, seen);
}

function copyArray(array: unknown[], seen: object[]): unknown {
  const { length } = array;
  // The keys of an array with holes or extra properties differ in number from its length.
  if (length > MAX_KEYS || Object.keys(array).length !== length) return OTHER;
  const copy: unknown[] = [];
  for (const value of array) {
    const part = copyPart(value, seen);
    if (part === OTHER) return OTHER;
    copy.push(part);
  }
  return copy;
}

function copyPlain(object: Record<string, unknown>, seen: object[]): unknown {
  const keys = Object.keys(object);
  if (keys.length > MAX_KEYS || Symbol.asyncIterator in object) return OTHER;
  const copy: Record<string, unknown> = {};
  for (const key of keys) {
    if (key === '__proto__' || key.startsWith(DESCRIPTOR_PREFIX)) return OTHER;
    const part = copyPart(object[key], seen);
    if (part === OTHER) return OTHER;
    copy[key] = part;
  }
  return copy;
}
