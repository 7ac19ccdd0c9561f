import { isIterator, isObjectMethod, isReservedName, methodNames, wellKnownSymbols } from '../../codec/members.js';
import { PropertyError } from '../../errors.js';
import type { ReferenceMember } from '../../protocol.js';

/** Accesses a member for the other side, as a local caller would. */
export function runMember(object: object, kind: ReferenceMember | undefined, name: string, args: unknown[]): unknown {
  if (kind === 'property') return readProperty(object, name);
  const key = kind === 'symbol' ? wellKnownSymbols[name] : name;
  const method = key === undefined || isReservedName(name) ? undefined : (object as Record<PropertyKey, unknown>)[key];
  if (typeof method !== 'function' || isObjectMethod(method))
    throw new TypeError(`${name} is not a method of the object`);
  const result: unknown = Reflect.apply(method, object, args);
  // An iterator of any class crosses only as an iterator.
  return kind === 'symbol' && isIterator(name) ? { [Symbol.asyncIterator]: () => result } : result;
}

function readProperty(object: object, name: string): unknown {
  if (isReservedName(name)) throw new PropertyError(`${name} belongs to the language and cannot be read.`);
  const value = (object as Record<string, unknown>)[name];
  if (typeof value === 'function' && methodNames(object).has(name)) {
    throw new PropertyError(`${name} is a method of the object, not a property. Call it on the proxy.`);
  }
  return value;
}
