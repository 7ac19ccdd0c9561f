import { location } from './kind.js';
import { option } from './option.js';

/** Where the class is. */
export const instanceOptions = {
  /**
   * Where the class is exported: relative to the calling file, absolute, a `file:` URL, or a package's name.
   * The same as `procxy()`'s second argument.
   * @default found from the class
   */
  modulePath: option(location('a path, a file: URL or the name of a package'), {
    fixedAtStart: false,
    remedy: "For example: './worker.js', which is relative to the calling file.",
  }),
  /**
   * A program in any language that has the instance and speaks the wire protocol itself, in place of the class's module:
   * relative to the calling file, absolute, or a `file:` URL. `execPath` runs it.
   * @default none
   */
  agent: option(location('a path or a file: URL'), {
    fixedAtStart: true,
    remedy: 'Name the program that serves the class; `execPath` runs it.',
  }),
};
