import type { With } from './crossing.js';
import type { CrossesUnchanged } from './forms.js';
import type { SerializationMode } from './serializable.js';

/** Whether a value of type `T` arrives as the same type. The check is structural, so interfaces work like type aliases. */
export type IsProcxiable<T, Mode extends SerializationMode = 'json'> = CrossesUnchanged<
  T,
  With<{ mode: Mode; handles: false; references: false }, 'refused'>
>;
