import { isError } from './realm.js';

/** The base of all errors of this library, and what may be asked of any error. */

const brand = Symbol.for('procxy.error');

/** Defines `name` and `code` on the prototype, as in built-in errors. The first line of the stack contains the name. */
export function define(type: { readonly prototype: object }, name: string, code: ProcxyErrorCode): void {
  Object.defineProperties(type.prototype, {
    name: { value: name, configurable: true, writable: true },
    code: { value: code, configurable: true, writable: true },
  });
}

/**
 * The stable codes of the errors of this library. Unlike `instanceof`, they also work if two copies of the package are loaded.
 *
 * @example
 * ```ts
 * const retryable: readonly ProcxyErrorCode[] = ['PROCXY_QUEUE_FULL', 'PROCXY_QUEUE_TIMEOUT'];
 * ```
 */
export type ProcxyErrorCode =
  | 'PROCXY_TIMEOUT'
  | 'PROCXY_CHILD_CRASHED'
  | 'PROCXY_HOST'
  | 'PROCXY_HOST_LOST'
  | 'PROCXY_MODULE_RESOLUTION'
  | 'PROCXY_SERIALIZATION'
  | 'PROCXY_OPTIONS_VALIDATION'
  | 'PROCXY_PROPERTY'
  | 'PROCXY_HANDLE_TRANSFER'
  | 'PROCXY_CALLBACK_LIMIT'
  | 'PROCXY_REFERENCE_LIMIT'
  | 'PROCXY_PIPELINE'
  | 'PROCXY_SYNC_CALLBACK'
  | 'PROCXY_TERMINATED'
  | 'PROCXY_PROTOCOL'
  | 'PROCXY_COMMAND'
  | 'PROCXY_DISCONNECTED'
  | 'PROCXY_EXECUTABLE_NOT_FOUND'
  | 'PROCXY_CHANNEL'
  | 'PROCXY_QUEUE_FULL'
  | 'PROCXY_QUEUE_TIMEOUT'
  | 'PROCXY_POOL_CLOSED';

/**
 * The base class of all errors that this library makes. It never wraps the errors of methods.
 *
 * @example
 * ```ts
 * try {
 *   await primes.countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof ProcxyError && error.ran === 'no') await primes.countBelow(1e9);
 * }
 * ```
 */
export class ProcxyError extends Error {
  declare readonly code: ProcxyErrorCode;
  /**
   * On an error of a call that was not answered: `'no'` where the method has certainly not run, so that the call can be made again;
   * `'maybe'` where it may have run, in part or completely.
   */
  declare readonly ran?: 'no' | 'maybe';
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** Notes on an error of this library whether the method of its call may have run. What is noted first stands. */
export function markRan<E extends Error>(error: E, ran: 'no' | 'maybe'): E {
  if (isProcxyError(error) && error.ran === undefined)
    Object.defineProperty(error, 'ran', { value: ran, enumerable: true });
  return error;
}

/** Whether `value` is an error of this library, from this copy of the package or another. */
export function isProcxyError(value: unknown): value is ProcxyError {
  return value instanceof Error && brand in value;
}

/** The most characters of a reason to show. A message may contain a whole file. */
const REASON_LIMIT = 2000;

/** Describes any thrown value as part of a sentence, without the full stop. Never throws, even if reading the value does. */
export function describeReason(reason: unknown): string {
  try {
    const text = String(isError(reason) ? reason.message : reason);
    if (/^\.?$/.test(text)) return isError(reason) ? `${reason.name} without a message` : 'no reason was given';
    return text.length > REASON_LIMIT ? `${text.slice(0, REASON_LIMIT)}…` : text.replace(/\.$/, '');
  } catch {
    return 'a value that cannot be shown';
  }
}
