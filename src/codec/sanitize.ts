import { types } from 'node:util';
import { isAbortSignal, isError, isPlain } from '../realm.js';
import { isHandle } from './handle-codec.js';
import { classify } from './stream-codec.js';
import { findRegisteredHandler } from './registry.js';
import { refuseClone } from './refusals.js';
import { assign, holes } from './walk.js';

/**
 * Copies a value without the parts that structured clone cannot carry: functions, symbols, promises, accessors that throw and the
 * like. Properties and entries with such parts are left out, and array elements become `undefined`. Shared references stay shared.
 * @param keepFunctions whether functions are kept, since they cross as callbacks
 */
export function sanitizeForClone(value: unknown, keepFunctions: boolean): unknown {
  const copies: Copies = Object.assign(new Map<object, unknown>(), { keepFunctions });
  return isLost(value, copies) ? undefined : sanitize(value, copies);
}

/** The originals of copies. A method that a copy contains is called on the original. */
const originals = new WeakMap<object, object>();

export function originalOf(value: object): object {
  return originals.get(value) ?? value;
}

type Copies = Map<object, unknown> & { readonly keepFunctions: boolean };

function sanitize(value: unknown, copies: Copies): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const keep = <T extends object>(copy: T): T => {
    copies.set(value, copy);
    originals.set(copy, value);
    return copy;
  };
  if (Array.isArray(value)) return copyArray(value, keep(holes(value.length)), copies);
  if (types.isMap(value)) {
    const copy = keep(new Map());
    for (const [key, part] of value) {
      if (!isLost(key, copies) && !isLost(part, copies)) copy.set(sanitize(key, copies), sanitize(part, copies));
    }
    return copy;
  }
  if (types.isSet(value)) {
    const copy = keep(new Set());
    for (const part of value) if (!isLost(part, copies)) copy.add(sanitize(part, copies));
    return copy;
  }
  return isWhole(value) ? value : copyProperties(value, keep({}), copies);
}

/** Whether a value stays as it is, because V8 copies it or a handler carries it. */
function isWhole(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isArrayBuffer(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    isError(value) ||
    isHandle(value) ||
    classify(value) !== undefined ||
    isAbortSignal(value) ||
    types.isBoxedPrimitive(value) ||
    findRegisteredHandler(value) !== undefined
  );
}

function copyArray(source: unknown[], target: unknown[], copies: Copies): unknown[] {
  for (const key of Object.keys(source)) {
    const part = (source as unknown as Record<string, unknown>)[key];
    assign(target, key, isLost(part, copies) ? undefined : sanitize(part, copies));
  }
  return target;
}

function copyProperties(source: object, target: object, copies: Copies): object {
  for (const key of Object.keys(source)) {
    const value = read(source, key);
    if (!isLost(value, copies)) assign(target, key, sanitize(value, copies));
  }
  return target;
}

/** Reads a property. If an accessor throws, returns a symbol, which is then left out. */
function read(source: object, key: string): unknown {
  try {
    return (source as Record<string, unknown>)[key];
  } catch {
    return unreadable;
  }
}

const unreadable = Symbol('unreadable');

function isLost(value: unknown, { keepFunctions }: Copies): boolean {
  if (typeof value === 'function') return !keepFunctions;
  if (typeof value === 'symbol') return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isWhole(value)) return false;
  if (types.isMap(value) || types.isSet(value)) return false;
  // An instance without own properties would arrive empty.
  return refuseClone(value) !== undefined || (!isPlain(value) && Object.keys(value).length === 0);
}
