import type { StdioOptions } from 'node:child_process';
import type { JsonValue } from 'type-fest';
import type { Permissions, ResourceLimits } from './containment.js';
import type { Heartbeat } from './heartbeat.js';
import type { SerializationMode } from './serializable.js';

/** The options of `procxy()`. All may be left out; an option that is `undefined` counts as left out. */
export interface ProcxyOptions {
  /**
   * Where the class is exported: relative to the calling file, absolute, a `file:` URL, or a package's name.
   * The same as `procxy()`'s second argument.
   * @default found from the class itself
   */
  modulePath?: string | URL | undefined;
  /**
   * How values travel: `'json'`, or `'advanced'` for V8's structured clone, which also carries Map, Set, Date, RegExp, BigInt,
   * binary data, cycles and shared references.
   * @default 'json'
   */
  serialization?: SerializationMode | undefined;
  /**
   * In advanced mode: strips functions, accessors, symbols and whatever else cannot be cloned from the constructor's
   * arguments, where they would be a {@link SerializationError} otherwise.
   * @default false
   */
  sanitizeV8?: boolean | undefined;
  /**
   * Lets sockets and servers move: `$sendHandle()`, and handles anywhere in arguments, results and events.
   * @default false
   */
  supportHandles?: boolean | undefined;
  /**
   * Lets functions cross, in both directions: anywhere in arguments, results and events.
   * @default false
   */
  enableCallbacks?: boolean | undefined;
  /**
   * How many functions one side may have the other hold at a time. At the limit the other side is made to collect its garbage;
   * if none of them is given back, one more is a {@link CallbackLimitError}.
   * @default 1000
   */
  maxCallbacks?: number | undefined;
  /**
   * ms that the caller of a function of the other side waits for its result; `0` or `Infinity` for no limit. Then it gets a
   * {@link TimeoutError}; the function goes on.
   * @default 30000
   */
  callbackTimeout?: number | undefined;
  /**
   * ms that a call may take; `0` or `Infinity` for no limit. Then it is a {@link TimeoutError}; the child goes
   * on with it, and a late result is dropped.
   * @default 30000
   */
  timeout?: number | undefined;
  /**
   * Further attempts after a {@link TimeoutError}. Each runs the method again, so it is for idempotent methods only.
   * @default 0
   */
  retries?: number | undefined;
  /**
   * ms that the child's start, the import of the module and the construction may take together; `0` or `Infinity`: no limit.
   * @default 30000
   */
  startTimeout?: number | undefined;
  /**
   * Which properties are read on the proxy without a round trip. `true`: the own data properties whose name does not
   * begin with `_`. `false`: none. An array: just these, getters included, which are then run at every flush.
   * @default true
   */
  mirror?: boolean | readonly string[] | undefined;
  /**
   * Bytes that one flush of the mirror may compare and send. A property beyond it is read by `$get()`.
   * @default 16384
   */
  mirrorLimit?: number | undefined;
  /**
   * µs for which the event loops of both processes stay awake after a message, up to a second, at the price of CPU time. Calls one
   * after the other then save what waking a process up takes, where each process has a core of its own, and lose where it has not.
   * With a single core it does nothing.
   * @default 0
   */
  busyPoll?: number | undefined;
  /**
   * ms from `$terminate()` to SIGKILL: what the instance's dispose hook and a SIGTERM handler have.
   * @default 5000
   */
  terminateTimeout?: number | undefined;
  /**
   * Environment variables, merged over the parent's. `undefined` unsets one.
   * @default the parent's
   */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * `false`: the child's environment is `env` alone, with nothing of this process's but what Windows starts no process without.
   * @default true
   */
  inheritEnv?: boolean | undefined;
  /**
   * Turns on the permission model of Node, or of Deno, in the child: it may do what is named here, and nothing else of what that model knows.
   * @default none: the child may do what its user may
   */
  permissions?: Permissions | undefined;
  /**
   * How large the child's heap may become.
   * @default V8's limits, or those of this process's flags
   */
  resourceLimits?: ResourceLimits | undefined;
  /**
   * Has the child show that its event loop turns, and says what is done when it does not. It begins when the instance has been made.
   * @default none
   */
  heartbeat?: Heartbeat | undefined;
  /**
   * The child's working directory.
   * @default the parent's
   */
  cwd?: string | URL | undefined;
  /**
   * What the child sees as `process.argv.slice(2)`; what is no string, as JSON.
   * @default []
   */
  args?: readonly JsonValue[] | undefined;
  /**
   * The executable that runs the child: Node, or Bun or Deno, which are known by its name. With `agent`, what runs that.
   * @default process.execPath
   */
  execPath?: string | undefined;
  /**
   * Flags for that executable. Deno is told to `run`.
   * @default those of this process, without `--inspect`, `--test`, `--watch` and `--eval`; none for Bun; `--allow-all` for Deno
   */
  execArgv?: readonly string[] | undefined;
  /**
   * What messages travel on. `'ipc'`: Node's own channel. `'socket'`: a Unix socket that the child inherits; whatever bytes a child
   * writes there harm it alone. No handles cross on it, and Windows does not have it.
   * @default 'ipc'; for Bun, Deno and `agent`, 'socket'
   */
  channel?: 'ipc' | 'socket' | undefined;
  /**
   * A program that has the instance and speaks the wire protocol itself, in whatever language, in place of the class's module:
   * relative to the calling file, absolute, or a `file:` URL. `execPath` runs it.
   */
  agent?: string | URL | undefined;
  /**
   * The child's standard streams, as `child_process.fork` has them. With `'pipe'` they are
   * `$process.stdout` and `$process.stderr`, and crash errors carry the last 4 KiB of stderr.
   * @default 'inherit'
   */
  stdio?: StdioOptions | undefined;
  /** Terminates the child when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Options of single calls, for `$with()`. */
export interface CallOverrides {
  /** ms that a call may take; `0` or `Infinity` for no limit. */
  timeout?: number | undefined;
  /** Rejects a call at once, with its reason, when it aborts. The child goes on with it. */
  signal?: AbortSignal | undefined;
}
