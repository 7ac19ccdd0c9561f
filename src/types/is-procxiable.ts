import type { Crossing } from './crossing.js';
import type { SerializationMode } from './serializable.js';
import type { VerdictOf } from './verdict.js';

/** Whether a value of type `T` arrives as the same type. The check is structural, so interfaces work like type aliases. */
export type IsProcxiable<T, Mode extends SerializationMode = 'json'> = [
  VerdictOf<T, Crossing<Mode, false, false, true, 'refused'>>,
] extends [never]
  ? true
  : false;
