import type { Origin } from './codec.js';
import type { Key } from './transfer-handlers.js';

/** How many keys of a path are worth reading. */
export const PATH_LIMIT = 20;
/** How many characters of a key are. */
const KEY_LIMIT = 100;

/** Where a part stands, as errors name it: `args[0].image`. */
export function formatPath(root: string, keys: readonly Key[]): string {
  const rest = keys.length > PATH_LIMIT ? '…' : '';
  return root + keys.slice(0, PATH_LIMIT).map(formatKey).join('') + rest;
}

/** The same with the method or the event before it, as a sentence begins. */
export function formatPlace({ method, event }: Origin, path: string): string {
  if (method !== undefined) return `${method}(): ${path}`;
  return event === undefined ? path : `event ${event}: ${path}`;
}

function formatKey(key: Key): string {
  if (typeof key === 'number') return `[${key}]`;
  if (typeof key === 'object') return key.place;
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) && key.length <= KEY_LIMIT) return `.${key}`;
  return `[${JSON.stringify(key.length > KEY_LIMIT ? `${key.slice(0, KEY_LIMIT)}…` : key)}]`;
}
