import type { callingOptions, overridingOptions } from '../options/calls.js';
import type { containmentOptions } from '../options/containment.js';
import type { crossingOptions } from '../options/crossing.js';
import type { hostOptions } from '../options/host.js';
import type { instanceOptions } from '../options/instance.js';
import type { Written } from '../options/option.js';
import type { processOptions } from '../options/process.js';
import type { restartOptions } from '../options/restart.js';

/**
 * The options of `procxy()`. All are optional, and `undefined` means that an option is left out.
 * The type extends each table separately, since a union of them would have no comments for editors to show.
 *
 * @example
 * ```ts
 * const options = { serialization: 'advanced', timeout: 10_000 } satisfies ProcxyOptions;
 * const primes = await procxy(Primes, options);
 * ```
 */
export interface ProcxyOptions
  extends
    Written<typeof instanceOptions>,
    Written<typeof crossingOptions>,
    Written<typeof callingOptions>,
    Written<typeof processOptions>,
    Written<typeof containmentOptions>,
    Written<typeof restartOptions>,
    Written<typeof hostOptions> {}

/**
 * Options of single calls, for `$with()`.
 *
 * @example
 * ```ts
 * const quick: CallOverrides = { timeout: 100 };
 * await primes.$with(quick).countBelow(1000);
 * ```
 */
export interface CallOverrides extends Written<typeof overridingOptions> {}
