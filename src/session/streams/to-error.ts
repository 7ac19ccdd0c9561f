import { describeReason } from '../../errors.js';
import { isError } from '../../realm.js';

/** Makes an Error of a value that the other side has thrown. */
export function toError(value: unknown): Error {
  return isError(value) ? value : new Error(describeReason(value), { cause: value });
}
