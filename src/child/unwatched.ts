import type { MirrorRequest } from '../protocol.js';
import { MAX_PROPERTIES } from './property-watch.js';

/** Why the properties that are never watched cannot be read: what the parent tells those who try. */
export function listUnwatched(object: object, { names }: MirrorRequest): [name: string, reason: string][] {
  const reasons = new Map<string, string>();
  /** A property hides those of its name further up the chain of prototypes. */
  const seen = new Set<string>();
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (Object.getPrototypeOf(level) === null && level !== object) break; // Object.prototype
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (seen.has(name)) continue;
      seen.add(name);
      // A name that begins with _ is private by convention: for the proxy it does not exist.
      if (name.startsWith('_') || typeof value === 'function') continue;
      if (get) reasons.set(name, 'it is a getter, which is run only when `mirror` names it');
      else if (level === object && names !== 'own') reasons.set(name, 'the option `mirror` leaves it out');
      if (reasons.size > MAX_PROPERTIES) return [];
    }
  }
  if (typeof names === 'object') for (const name of names) reasons.delete(name);
  return [...reasons];
}
