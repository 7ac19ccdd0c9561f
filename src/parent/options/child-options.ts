import type { FixedAtStart } from '../../options/option.js';
import { optionTable } from '../../options/table.js';
import type { ResolvedOptions } from './resolve-options.js';

type Fixed = keyof FixedAtStart<typeof optionTable>;

/**
 * What a child cannot change after its start. A child that was started ahead is taken for options that are equal in these, so
 * what starts a child or keeps the connection to it can read no others.
 */
export type ChildOptions = Pick<ResolvedOptions, Fixed | 'callbacks' | 'references' | 'runtime'>;

const names = Object.entries(optionTable)
  .filter(([, { fixedAtStart }]) => fixedAtStart)
  .map(([name]) => name as Fixed);

/** Equal texts for options with which one child is as good as another. */
export function keyOfChild(options: ChildOptions): string {
  const values = names.map((name) => options[name]);
  // JSON has no Infinity.
  return JSON.stringify(values, (_key, value: unknown) => (value === Infinity ? 'Infinity' : value));
}
