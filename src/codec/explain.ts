import { types } from 'node:util';
import { describeReason, SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { Origin } from './codec.js';
import { isDescriptor } from './descriptors.js';
import { formatPath, formatPlace, PATH_LIMIT } from './path.js';
import { at, type Key } from './transfer-handlers.js';

/** The most parts of a value to weigh. */
const WEIGHED = 1e6;
/** Bytes from which on the size must be at fault: the limits of V8's strings and Node's buffers are somewhat higher. */
const LARGE = 2 ** 28;
/** Replaces a part that cannot be read. As a symbol, it cannot be written either. */
const UNREADABLE = Symbol('unreadable');

/**
 * Makes the error for a value that was encoded but could not be written. Looks for the part at fault only now.
 * @param write throws for a part that cannot be written. Without it, only the size can be at fault
 */
export function explain(
  wire: Wire,
  origin: Origin,
  cause: unknown,
  write?: (part: Wire) => unknown,
): SerializationError {
  const isSize = !write || weigh(wire) > LARGE;
  const keys = isSize
    ? follow(wire, heaviest)
    : follow(wire, (parts) => parts.find(([, part]) => !canWrite(part, write)));
  const path = formatPath(origin.root, keys);
  const remedy = isSize ? 'Send it in smaller parts.' : 'Pass plain data instead.';
  const message = `${formatPlace(origin, path)} could not be written as part of one message (${describeReason(cause)}). ${remedy}`;
  return new SerializationError(message, path, { cause });
}

type Part = [key: Key | undefined, part: Wire];

/** Descends into the part at fault as long as there is one. Returns the keys of the path. */
function follow(wire: Wire, choose: (parts: Part[], whole: Wire) => Part | undefined): Key[] {
  const keys: Key[] = [];
  let whole = wire;
  while (keys.length <= PATH_LIMIT) {
    const chosen = choose(partsOf(whole), whole);
    if (!chosen) break;
    const [key, part] = chosen;
    if (key !== undefined) keys.push(key);
    whole = part;
  }
  return keys;
}

/** Finds the part that takes more than half of the whole, if there is one. */
function heaviest(parts: Part[], whole: Wire): Part | undefined {
  const weight = weigh(whole);
  return parts.find(([, part]) => weigh(part) > weight / 2);
}

/** Estimates the size of a value in bytes. Returns `NaN` if it has too many parts. */
function weigh(whole: Wire): number {
  const seen = new Set<Wire>();
  const pending: Wire[] = [whole];
  let weight = 0;
  while (pending.length > 0) {
    if (seen.size > WEIGHED || pending.length > WEIGHED) return NaN;
    const part = pending.pop();
    if (typeof part === 'string') weight += part.length;
    else if (typeof part !== 'object' || part === null) weight += 1;
    else if (ArrayBuffer.isView(part) || types.isAnyArrayBuffer(part)) weight += part.byteLength;
    else if (!seen.has(part)) {
      seen.add(part);
      for (const [, each] of partsOf(part)) pending.push(each);
    }
  }
  return weight;
}

/** Lists the parts of a value with their keys. The fields of a descriptor have no keys, since the user's value has no such level. */
function partsOf(wire: Wire): Part[] {
  if (typeof wire !== 'object' || wire === null || ArrayBuffer.isView(wire)) return [];
  try {
    if (isDescriptor(wire)) return '__procxy_type' in wire ? partsOfDescriptor(wire.__procxy_type, wire.value) : [];
    if (types.isMap(wire)) {
      return [...wire].flatMap(([key, value], index): Part[] => [
        [at.mapKey(index), key],
        [at.mapValue(key, index), value],
      ]);
    }
    if (types.isSet(wire)) return [...wire].map((member, index): Part => [at.member(index), member]);
    const isArray = Array.isArray(wire);
    return Object.keys(wire).map((key) => [isArray ? Number(key) : key, read(wire, key)]);
  } catch {
    // A Proxy whose traps throw is itself at fault.
    return [];
  }
}

function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

function partsOfDescriptor(type: string, value: Wire): Part[] {
  if (type !== 'error') return [[undefined, value]];
  const { properties = {}, ...fields } = value as { properties?: Record<string, Wire> };
  return [...Object.entries(fields), ...Object.entries(properties)];
}

function canWrite(part: Wire, write: (part: Wire) => unknown): boolean {
  try {
    write(part);
    return true;
  } catch {
    return false;
  }
}
