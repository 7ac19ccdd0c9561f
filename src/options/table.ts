import { callingOptions } from './calls.js';
import { containmentOptions } from './containment.js';
import { crossingOptions } from './crossing.js';
import { hostOptions } from './host.js';
import { instanceOptions } from './instance.js';
import { processOptions } from './process.js';
import { restartOptions } from './restart.js';

/** Every option of `procxy()`. To add one, add an entry to the table that fits, with its documentation. */
export const optionTable = {
  ...instanceOptions,
  ...crossingOptions,
  ...callingOptions,
  ...processOptions,
  ...containmentOptions,
  ...restartOptions,
  ...hostOptions,
};
