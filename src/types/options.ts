import type { callingOptions, overridingOptions } from '../options/calls.js';
import type { containmentOptions } from '../options/containment.js';
import type { crossingOptions } from '../options/crossing.js';
import type { instanceOptions } from '../options/instance.js';
import type { Written } from '../options/option.js';
import type { processOptions } from '../options/process.js';
import type { restartOptions } from '../options/restart.js';

/**
 * The options of `procxy()`. All may be left out; an option that is `undefined` counts as left out.
 * They are read off the tables one by one, and not off their union, which has no comments for an editor to show.
 */
export interface ProcxyOptions
  extends
    Written<typeof instanceOptions>,
    Written<typeof crossingOptions>,
    Written<typeof callingOptions>,
    Written<typeof processOptions>,
    Written<typeof containmentOptions>,
    Written<typeof restartOptions> {}

/** Options of single calls, for `$with()`. */
export interface CallOverrides extends Written<typeof overridingOptions> {}
