import { define, describeReason, ProcxyError } from './procxy-error.js';
import {
  CallbackLimitError,
  HandleTransferError,
  PropertyError,
  ReferenceLimitError,
  SerializationError,
  SyncCallbackError,
} from './value-errors.js';

export * from './procxy-error.js';
export * from './value-errors.js';

/**
 * The errors of this library. Each has a stable `code`, and says what happened and what to do about it. If two copies of the package
 * may be loaded, check `code` instead of `instanceof`.
 */

/**
 * A call or the start of a child exceeded its time limit. The child keeps running the method, and a late result is dropped.
 *
 * @example
 * ```ts
 * try {
 *   await primes.$with({ timeout: 1000 }).countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof TimeoutError) console.error(`${error.method}() took longer than ${error.timeoutMs} ms`);
 * }
 * ```
 */
export class TimeoutError extends ProcxyError {
  declare readonly name: 'TimeoutError';
  declare readonly code: 'PROCXY_TIMEOUT';
  static {
    define(this, 'TimeoutError', 'PROCXY_TIMEOUT');
  }
  /** The method, or `constructor` for a start. */
  readonly method: string;
  /** The time limit, in ms. */
  readonly timeoutMs: number;

  constructor(method: string, timeoutMs: number, message: string) {
    super(message);
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * The child process could not be started, or ended while calls were open.
 *
 * @example
 * ```ts
 * try {
 *   await primes.countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof ChildCrashedError) console.error(error.exitCode, error.signal, error.stderr);
 * }
 * ```
 */
export class ChildCrashedError extends ProcxyError {
  declare readonly name: 'ChildCrashedError' | 'HostLostError';
  declare readonly code: 'PROCXY_CHILD_CRASHED' | 'PROCXY_HOST_LOST';
  static {
    define(this, 'ChildCrashedError', 'PROCXY_CHILD_CRASHED');
  }
  /** The exit code. `null` if a signal ended the child, or it never ran. */
  readonly exitCode: number | null;
  /** The signal that ended the child, or `null`. */
  readonly signal: NodeJS.Signals | null;
  /** The last 4 KiB that the child wrote to stderr. `undefined` unless `stdio` is `'pipe'`. */
  readonly stderr: string | undefined;

  constructor(
    message: string,
    details: {
      exitCode: number | null;
      signal: NodeJS.Signals | null;
      stderr?: string | undefined;
      /** The child's own uncaught error, or the operating system's error that prevented its start. */
      cause?: unknown;
    },
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.exitCode = details.exitCode;
    this.signal = details.signal;
    this.stderr = details.stderr;
  }
}

/**
 * The module, or the class in it, was not found or could not be loaded.
 *
 * @example
 * ```ts
 * try {
 *   await procxy(Primes, './no-such-file.js');
 * } catch (error) {
 *   if (error instanceof ModuleResolutionError) console.error(error.message);
 * }
 * ```
 */
export class ModuleResolutionError extends ProcxyError {
  declare readonly name: 'ModuleResolutionError';
  declare readonly code: 'PROCXY_MODULE_RESOLUTION';
  static {
    define(this, 'ModuleResolutionError', 'PROCXY_MODULE_RESOLUTION');
  }
}

/**
 * An argument or an option is invalid.
 *
 * @example
 * ```ts
 * try {
 *   await procxy(Primes, { timeout: -1 });
 * } catch (error) {
 *   if (error instanceof OptionsValidationError) console.error(error.message);
 * }
 * ```
 */
export class OptionsValidationError extends ProcxyError {
  declare readonly name: 'OptionsValidationError';
  declare readonly code: 'PROCXY_OPTIONS_VALIDATION';
  static {
    define(this, 'OptionsValidationError', 'PROCXY_OPTIONS_VALIDATION');
  }
}

/**
 * A method was called on the result of another call, or given it, and that call failed. Its error is the `cause`.
 *
 * @example
 * ```ts
 * try {
 *   await db.prepare('SELECT 1').all();
 * } catch (error) {
 *   if (error instanceof PipelineError) console.error(error.method, error.cause); // all(), and why prepare() failed
 * }
 * ```
 */
export class PipelineError extends ProcxyError {
  declare readonly name: 'PipelineError';
  declare readonly code: 'PROCXY_PIPELINE';
  static {
    define(this, 'PipelineError', 'PROCXY_PIPELINE');
  }
  /** The method that was called on the result, or with it. */
  readonly method: string;

  constructor(method: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.method = method;
  }

  /** @param error that of the earlier call; of several calls in a row that of the first */
  static of(method: string, error: unknown): PipelineError {
    const cause = error instanceof PipelineError ? error.cause : error;
    const message = `${method}() needs the result of another call, and that call failed: ${describeReason(cause)}.`;
    return new PipelineError(method, message, { cause });
  }
}

/**
 * The proxy was terminated by `$terminate()`, `using` or its `signal`. Or a function was released by `$releaseCallback()`, or a
 * reference by `$release()`. Or a listener was added to a reference whose child has ended.
 *
 * @example
 * ```ts
 * const count = primes.countBelow(1e9);
 * await primes.$terminate();
 * await count.catch((error: unknown) => error instanceof TerminatedError); // true
 * ```
 */
export class TerminatedError extends ProcxyError {
  declare readonly name: 'TerminatedError';
  declare readonly code: 'PROCXY_TERMINATED';
  static {
    define(this, 'TerminatedError', 'PROCXY_TERMINATED');
  }
}

/**
 * The other side broke the protocol. The child was ended, or the connection was closed.
 *
 * @example
 * ```ts
 * try {
 *   await primes.countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof ProtocolError) console.error('The child sent something that is not a message.');
 * }
 * ```
 */
export class ProtocolError extends ProcxyError {
  declare readonly name: 'ProtocolError';
  declare readonly code: 'PROCXY_PROTOCOL';
  static {
    define(this, 'ProtocolError', 'PROCXY_PROTOCOL');
  }
}

/**
 * The requested kind of channel is not available on this platform or in this process.
 *
 * @example
 * ```ts
 * try {
 *   await procxy(Primes, { channel: 'socket' });
 * } catch (error) {
 *   if (error instanceof ChannelError) await procxy(Primes); // the default channel is available everywhere
 * }
 * ```
 */
export class ChannelError extends ProcxyError {
  declare readonly name: 'ChannelError';
  declare readonly code: 'PROCXY_CHANNEL';
  static {
    define(this, 'ChannelError', 'PROCXY_CHANNEL');
  }
}

/** The classes by name, to recreate an error that another process threw. */
export const procxyErrorClasses = {
  TimeoutError,
  ChildCrashedError,
  ModuleResolutionError,
  SerializationError,
  OptionsValidationError,
  PropertyError,
  HandleTransferError,
  CallbackLimitError,
  ReferenceLimitError,
  PipelineError,
  SyncCallbackError,
  TerminatedError,
  ProtocolError,
  ChannelError,
};
