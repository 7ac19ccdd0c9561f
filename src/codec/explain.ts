import { types } from 'node:util';
import { describeReason, SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { Origin } from './codec.js';
import { isDescriptor } from './descriptors.js';
import { formatPath, formatPlace, PATH_LIMIT } from './path.js';
import { at, type Key } from './transfer-handlers.js';

/** How many parts of a value are weighed. */
const WEIGHED = 1e6;
/** Bytes from which on the size is at fault: V8's strings, and Node's buffers, end somewhere above. */
const LARGE = 2 ** 28;
/** Stands for a part that cannot be read. It cannot be written either. */
const UNREADABLE = Symbol('unreadable');

/**
 * The refusal for a value that was encoded, and whose message then could not be written. Only now is the part at fault looked for.
 * @param write throws for a part that cannot be written. Without it only the size can be at fault
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

/** Goes from part to part for as long as one of them is at fault. Returns the keys of the path. */
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

/** The part that takes more than half of the whole, if there is one. */
function heaviest(parts: Part[], whole: Wire): Part | undefined {
  const weight = weigh(whole);
  return parts.find(([, part]) => weigh(part) > weight / 2);
}

/** About how many bytes a value takes; `NaN` for one that has too many parts to tell. */
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

/** The parts of a value and their keys. A descriptor's fields have none: the user's value has no such level. */
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
    // A Proxy: its own traps are at fault.
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
