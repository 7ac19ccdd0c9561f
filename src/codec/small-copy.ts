import { types } from 'node:util';
import { DESCRIPTOR_PREFIX } from './walk.js';

/** So many objects are compared with each other for shared references at no price to speak of. */
const MAX_OBJECTS = 16;
/** What takes longer to copy than to write at once. */
const MAX_KEYS = 64;

/**
 * A copy of what is small and plain: primitives, arrays and objects of such, no object twice. It shares nothing with the
 * original, so that it may be written later. `undefined` for all else, which is nothing against it.
 */
export function copySmall(value: unknown): unknown {
  if (typeof value !== 'object') return undefined;
  try {
    const copy = copyObject(value as object, []);
    return copy === OTHER ? undefined : copy;
  } catch {
    // A getter has thrown, and will do so for whoever can say where it stands.
    return undefined;
  }
}

/** No user's value: it never leaves this file. */
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
  // One that has holes or properties of its own besides is none of the usual.
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
