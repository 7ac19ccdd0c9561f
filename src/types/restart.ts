import type { ChildCrashedError } from '../errors.js';
import type { AnyRestart } from '../options/restart.js';

/**
 * When and how a new child takes the place of one that has ended. Times are in ms.
 *
 * @typeParam P the proxy that `onRestart` gets, such as `Procxy<Primes>`. In a call of `procxy()`, the class says it.
 * @example
 * ```ts
 * const restart: Restart = { maxRestarts: 5, within: 60_000 };
 * const primes = await procxy(Primes, { restart });
 * ```
 */
export interface Restart<P = never> extends Omit<AnyRestart, 'onRestart'> {
  /**
   * Called with the proxy of each new instance and the crash before it, and awaited before any other call is made. It counts as a part
   * of the start: where it rejects, or `startTimeout` is over, that counts as a crash. Without it each restart is a process warning.
   */
  onRestart?: ((proxy: P, crash: ChildCrashedError) => unknown) | undefined;
}
