import type { Origin } from './codec.js';
import type { Key } from './transfer-handlers.js';

/** The most keys of a path to show. */
export const PATH_LIMIT = 20;
/** The most characters of a key to show. */
const KEY_LIMIT = 100;

/** Formats the path of a part for error messages: `args[0].image`. */
export function formatPath(root: string, keys: readonly Key[]): string {
  const rest = keys.length > PATH_LIMIT ? '…' : '';
  return root + keys.slice(0, PATH_LIMIT).map(formatKey).join('') + rest;
}

/** Adds the method or the event before the path, to start an error message. */
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
