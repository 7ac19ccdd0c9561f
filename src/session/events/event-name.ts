import type { EventName } from '../../protocol.js';

export type Event = string | symbol;

/**
 * Converts a name that is not a symbol to a string, as Node's emitters do.
 * @throws {TypeError} for a symbol that another process cannot identify
 */
export function toEventName(event: Event): EventName {
  if (typeof event !== 'symbol') return String(event);
  const key = Symbol.keyFor(event);
  if (key !== undefined) return { key };
  if (event.description !== undefined) return { description: event.description };
  throw new TypeError('A symbol without a description cannot name an event of another process. Use Symbol.for(key).');
}

/** Makes a unique map key of an event name. */
export function eventKey(name: EventName): string {
  if (typeof name === 'string') return `string ${name}`;
  return 'key' in name ? `key ${name.key}` : `description ${name.description}`;
}

/** Shows an event name in an error message. */
export function displayEvent(name: EventName): string {
  if (typeof name === 'string') return `'${name}'`;
  return 'key' in name ? `Symbol.for('${name.key}')` : `Symbol('${name.description}')`;
}
