import { flag, location, name } from './kind.js';
import { option } from './option.js';

/** Where the class is, and where its instance lives. */
export const instanceOptions = {
  /**
   * The module that exports the class: relative to the calling file, absolute, a `file:` URL, or a package's name.
   * The same as `procxy()`'s second argument.
   * @default found from the class
   */
  modulePath: option(location('a path, a file: URL or the name of a package'), {
    fixedAtStart: false,
    remedy: "For example: './worker.js', which is relative to the calling file.",
  }),
  /**
   * The export that is the class, such as `'Sorter'`, `'default'` or `'api.Sorter'`. Needed if several exports look alike.
   * @default found from the class
   */
  exportName: option(name, {
    fixedAtStart: false,
    remedy: "For example: 'Sorter', 'default' or 'api.Sorter'.",
  }),
  /**
   * The name of a static method, possibly async, that makes the instance instead of `new`. It gets the arguments that would go to
   * the constructor. The constructor may be private.
   * @default new
   */
  create: option(name, {
    fixedAtStart: false,
    remedy: "Name a static method of the class: for example, 'open'.",
  }),
  /**
   * A program in any language that serves the instance, instead of the class's module. It speaks the wire protocol. Its path is
   * relative to the calling file, absolute, or a `file:` URL. `execPath` runs it.
   * @default none
   */
  agent: option(location('a path or a file: URL'), {
    fixedAtStart: true,
    remedy: 'Name the program that serves the class. `execPath` runs it.',
  }),
  /**
   * Runs the instance in this process, for tests and for stepping through its code. Values cross as they do to a child. The class
   * that you pass is used: nothing is imported or started, and options for a child process are ignored.
   * @default false
   */
  inProcess: option(flag, {
    default: false,
    fixedAtStart: true,
    remedy: 'Set it to true to run the instance in this process.',
  }),
};
