import { describeReason } from '../../errors.js';

/** Makes an Error of a value that the other side has thrown. */
export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(describeReason(value), { cause: value });
}
