/** What a child may do. What is not named here it may not. */
export interface Permissions {
  /**
   * Files, and directories with all that is in them, that may be read: absolute paths or `file:` URLs; a directory that is still to be made ends
   * with a slash. `true`: all. The files of the agent itself can always be read; the class's module and what it imports are to be named.
   * @default none
   */
  read?: true | readonly (string | URL)[] | undefined;
  /**
   * The same for what may be written.
   * @default none
   */
  write?: true | readonly (string | URL)[] | undefined;
  /** Whether it may start processes, which have no such limits. @default false */
  childProcess?: boolean | undefined;
  /** Whether it may start worker threads. Deno always allows them, with the permissions of their process. @default false */
  worker?: boolean | undefined;
  /** Whether it may load native addons. @default false */
  addons?: boolean | undefined;
  /** Whether it may use the network. `false` needs Node 25 or later, or Deno. @default true */
  network?: boolean | undefined;
}

/** Limits of V8's heap, named as those of `node:worker_threads`. What is not on it, the bytes of Buffers for one, does not count. */
export interface ResourceLimits {
  /** MiB of the main heap, beyond which V8 ends the process. */
  maxOldGenerationSizeMb?: number | undefined;
  /** MiB of the heap for what has just been made. */
  maxYoungGenerationSizeMb?: number | undefined;
}
