import type { Crossing } from './crossing.js';
import type { SerializationMode } from './serializable.js';
import type { VerdictOf } from './verdict.js';

/**
 * Whether a value of type `T` arrives as the same type. The check is structural, so interfaces work like type aliases.
 *
 * @example
 * ```ts
 * type Yes = IsProcxiable<{ name: string }>; // true
 * type No = IsProcxiable<Map<string, number>>; // false
 * type InAdvancedMode = IsProcxiable<Map<string, number>, 'advanced'>; // true
 * ```
 */
export type IsProcxiable<T, Mode extends SerializationMode = 'json'> = [
  VerdictOf<T, Crossing<Mode, false, false, true, 'refused'>>,
] extends [never]
  ? true
  : false;
