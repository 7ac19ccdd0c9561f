import { OptionsValidationError } from '../../errors.js';
import type { Table } from '../../options/option.js';
import { unknownName } from '../../options/unknown-name.js';

/**
 * Checks each option individually.
 * @param hint the last sentence of the error for an unknown option
 * @throws {OptionsValidationError}
 */
export function checkOptions(given: object, table: Table, hint: string): void {
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!entry) throw new OptionsValidationError(`${unknownName(name, Object.keys(table))} ${hint}`);
    const problem = value === undefined ? undefined : entry.kind.check(value, name);
    if (problem !== undefined) throw new OptionsValidationError(`${problem} ${entry.remedy}`);
  }
}
