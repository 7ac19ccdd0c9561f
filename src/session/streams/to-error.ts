import { describeReason } from '../../errors.js';
import { isError } from '../../realm.js';

/** Converts a value thrown by the other side to an Error. */
export function toError(value: unknown): Error {
  return isError(value) ? value : new Error(describeReason(value), { cause: value });
}
