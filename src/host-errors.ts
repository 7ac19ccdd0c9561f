import { ChildCrashedError, define, ProcxyError } from './errors.js';

/** The errors of instances on other machines. */

/**
 * A host could not be reached, or none may or can run the class.
 *
 * @example
 * ```ts
 * const cluster = await connect({ namespace: 'shop' });
 * try {
 *   await procxy(Primes, { host: cluster });
 * } catch (error) {
 *   if (error instanceof HostError) console.error(error.message); // says what each host answered
 * }
 * ```
 */
export class HostError extends ProcxyError {
  declare readonly name: 'HostError';
  declare readonly code: 'PROCXY_HOST';
  static {
    define(this, 'HostError', 'PROCXY_HOST');
  }
}

/**
 * The host of an instance was not heard for as long as its lease, or is gone. The instance may still run for a while, but its
 * answers are refused.
 *
 * @example
 * ```ts
 * const primes = await procxy(Primes, { host: await connect({ namespace: 'shop' }) });
 * try {
 *   await primes.countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof HostLostError) console.error(error.host, error.ran);
 * }
 * ```
 */
export class HostLostError extends ChildCrashedError {
  declare readonly name: 'HostLostError';
  declare readonly code: 'PROCXY_HOST_LOST';
  static {
    define(this, 'HostLostError', 'PROCXY_HOST_LOST');
  }
  /** The id of the host. */
  readonly host: string;

  constructor(message: string, host: string) {
    super(message, { exitCode: null, signal: null });
    this.host = host;
  }
}

/** The classes by name, for reviving an error that another process threw. */
export const hostErrorClasses = { HostError, HostLostError };
