import type { EventName } from '../../protocol.js';

export type Event = string | symbol;

/**
 * Anything but a symbol counts as its text, as for Node's emitters.
 * @throws {TypeError} for a symbol that nothing identifies in another process
 */
export function toEventName(event: Event): EventName {
  if (typeof event !== 'symbol') return String(event);
  const key = Symbol.keyFor(event);
  if (key !== undefined) return { key };
  if (event.description !== undefined) return { description: event.description };
  throw new TypeError('A symbol without a description cannot name an event of another process. Use Symbol.for(key).');
}

/** Tells event names apart as keys of a map. */
export function eventKey(name: EventName): string {
  if (typeof name === 'string') return `string ${name}`;
  return 'key' in name ? `key ${name.key}` : `description ${name.description}`;
}

/** For sentences. */
export function displayEvent(name: EventName): string {
  if (typeof name === 'string') return `'${name}'`;
  return 'key' in name ? `Symbol.for('${name.key}')` : `Symbol('${name.description}')`;
}
