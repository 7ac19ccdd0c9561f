import type { MirrorRequest } from '../protocol.js';
import { MAX_PROPERTIES } from './property-watch.js';

/** Lists properties that are never mirrored, with the reasons for error messages in the parent. */
export function listUnwatched(object: object, { names }: MirrorRequest): [name: string, reason: string][] {
  const reasons = new Map<string, string>();
  /** Names found so far: a property hides properties of the same name further up the prototype chain. */
  const seen = new Set<string>();
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (Object.getPrototypeOf(level) === null && level !== object) break; // Object.prototype
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (seen.has(name)) continue;
      seen.add(name);
      // Names that begin with _ are private by convention. For the proxy, they do not exist.
      if (name.startsWith('_') || typeof value === 'function') continue;
      if (get) reasons.set(name, 'it is a getter, which runs only if `mirror` names it');
      else if (level === object && names !== 'own') reasons.set(name, 'the option `mirror` leaves it out');
      if (reasons.size > MAX_PROPERTIES) return [];
    }
  }
  if (typeof names === 'object') for (const name of names) reasons.delete(name);
  return [...reasons];
}
