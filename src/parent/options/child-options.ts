import type { FixedAtStart } from '../../options/option.js';
import { optionTable } from '../../options/table.js';
import type { ResolvedOptions } from './resolve-options.js';

type Fixed = keyof FixedAtStart<typeof optionTable>;

/**
 * The options that a child cannot change after its start. A spare child is used if all of them are equal. So the code that starts
 * a child, or keeps the connection to it, must not read other options.
 */
export type ChildOptions = Pick<ResolvedOptions, Fixed | 'callbacks' | 'references' | 'runtime'>;

const names = Object.entries(optionTable)
  .filter(([, { fixedAtStart }]) => fixedAtStart)
  .map(([name]) => name as Fixed);

/** Returns the same key for options whose children are interchangeable. */
export function keyOfChild(options: ChildOptions): string {
  const values = names.map((name) => options[name]);
  // JSON has no Infinity.
  return JSON.stringify(values, (_key, value: unknown) => (value === Infinity ? 'Infinity' : value));
}
