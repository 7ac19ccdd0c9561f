import { types } from 'node:util';
import { isHandle } from '../../codec/handle-codec.js';
import { classify } from '../../codec/stream-codec.js';
import { OptionsValidationError } from '../../errors.js';

/**
 * Refuses constructor arguments that can cross only once: a second instance could not have them.
 * @param option what makes further instances
 * @throws {OptionsValidationError}
 */
export function refuseOneTime(args: readonly unknown[], option: string): void {
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const what = isHandle(value) ? 'a handle' : classify(value) && 'a stream or an iterator';
    if (what !== undefined) {
      throw new OptionsValidationError(
        `${option} passes the same constructor arguments to every instance, but got ${what} at ${path}, which can cross only once. ` +
          'Pass what the instance needs to open its own.',
      );
    }
    if (types.isMap(value) || types.isSet(value)) for (const each of value) visit(each, `${path}[…]`);
    else
      for (const [key, each] of ownData(value))
        visit(each, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
  };
  args.forEach((arg, index) => visit(arg, `args[${index}]`));
}

/** Runs no getter. */
function ownData(value: object): [string, unknown][] {
  if (ArrayBuffer.isView(value)) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, { value: each }]) => [key, each]);
}
