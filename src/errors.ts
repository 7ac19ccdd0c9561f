import { isError } from './realm.js';

/**
 * The errors of this library. Each has a stable `code`, and says what happened and what to do about it. If two copies of the package
 * may be loaded, check `code` instead of `instanceof`. They share a file so that a reader sees all codes and fields together.
 */

const brand = Symbol.for('procxy.error');

/** Defines `name` and `code` on the prototype, as in built-in errors. The first line of the stack contains the name. */
export function define(type: { readonly prototype: object }, name: string, code: ProcxyErrorCode): void {
  Object.defineProperties(type.prototype, {
    name: { value: name, configurable: true, writable: true },
    code: { value: code, configurable: true, writable: true },
  });
}

/**
 * The stable codes of the errors of this library. Unlike `instanceof`, they also work if two copies of the package are loaded.
 *
 * @example
 * ```ts
 * const retryable: readonly ProcxyErrorCode[] = ['PROCXY_QUEUE_FULL', 'PROCXY_QUEUE_TIMEOUT'];
 * ```
 */
export type ProcxyErrorCode =
  | 'PROCXY_TIMEOUT'
  | 'PROCXY_CHILD_CRASHED'
  | 'PROCXY_HOST'
  | 'PROCXY_HOST_LOST'
  | 'PROCXY_MODULE_RESOLUTION'
  | 'PROCXY_SERIALIZATION'
  | 'PROCXY_OPTIONS_VALIDATION'
  | 'PROCXY_PROPERTY'
  | 'PROCXY_HANDLE_TRANSFER'
  | 'PROCXY_CALLBACK_LIMIT'
  | 'PROCXY_REFERENCE_LIMIT'
  | 'PROCXY_PIPELINE'
  | 'PROCXY_SYNC_CALLBACK'
  | 'PROCXY_TERMINATED'
  | 'PROCXY_PROTOCOL'
  | 'PROCXY_COMMAND'
  | 'PROCXY_DISCONNECTED'
  | 'PROCXY_EXECUTABLE_NOT_FOUND'
  | 'PROCXY_CHANNEL'
  | 'PROCXY_QUEUE_FULL'
  | 'PROCXY_QUEUE_TIMEOUT'
  | 'PROCXY_POOL_CLOSED';

/**
 * The base class of all errors that this library makes. It never wraps the errors of methods.
 *
 * @example
 * ```ts
 * try {
 *   await primes.countBelow(1e9);
 * } catch (error) {
 *   if (error instanceof ProcxyError && error.ran === 'no') await primes.countBelow(1e9);
 * }
 * ```
 */
export class ProcxyError extends Error {
  declare readonly code: ProcxyErrorCode;
  /**
   * On an error of a call that was not answered: `'no'` where the method has certainly not run, so that the call can be made again;
   * `'maybe'` where it may have run, in part or completely.
   */
  declare readonly ran?: 'no' | 'maybe';
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** Notes on an error of this library whether the method of its call may have run. What is noted first stands. */
export function markRan<E extends Error>(error: E, ran: 'no' | 'maybe'): E {
  if (isProcxyError(error) && error.ran === undefined)
    Object.defineProperty(error, 'ran', { value: ran, enumerable: true });
  return error;
}

/** Whether `value` is an error of this library, from this copy of the package or another. */
export function isProcxyError(value: unknown): value is ProcxyError {
  return value instanceof Error && brand in value;
}

/** Whether sending may succeed after the other side has collected its garbage. */
export function isLimitError(error: unknown): boolean {
  return error instanceof CallbackLimitError || error instanceof ReferenceLimitError;
}

/** The most characters of a reason to show. A message may contain a whole file. */
const REASON_LIMIT = 2000;

/** Describes any thrown value as part of a sentence, without the full stop. Never throws, even if reading the value does. */
export function describeReason(reason: unknown): string {
  try {
    const text = String(isError(reason) ? reason.message : reason);
    if (/^\.?$/.test(text)) return isError(reason) ? `${reason.name} without a message` : 'no reason was given';
    return text.length > REASON_LIMIT ? `${text.slice(0, REASON_LIMIT)}…` : text.replace(/\.$/, '');
  } catch {
    return 'a value that cannot be shown';
  }
}

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
 * A value cannot cross in this serialization mode without being changed.
 *
 * @example
 * ```ts
 * try {
 *   await texts.add(new Map() as never);
 * } catch (error) {
 *   if (error instanceof SerializationError) console.error(error.path); // args[0]
 * }
 * ```
 */
export class SerializationError extends ProcxyError {
  declare readonly name: 'SerializationError';
  declare readonly code: 'PROCXY_SERIALIZATION';
  static {
    define(this, 'SerializationError', 'PROCXY_SERIALIZATION');
  }
  /** The path of the value, such as `args[0].image` or `result[3]`. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
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
 * A property was set on the proxy, or a property was read that is not mirrored.
 *
 * @example
 * ```ts
 * try {
 *   Object.assign(texts, { title: 'Emma' }); // the title belongs to the instance in the child
 * } catch (error) {
 *   if (error instanceof PropertyError) await texts.rename('Emma');
 * }
 * ```
 */
export class PropertyError extends ProcxyError {
  declare readonly name: 'PropertyError';
  declare readonly code: 'PROCXY_PROPERTY';
  static {
    define(this, 'PropertyError', 'PROCXY_PROPERTY');
  }
}

/**
 * A socket, server or descriptor could not be moved to the other process.
 *
 * @example
 * ```ts
 * try {
 *   await servers.$sendHandle(socket);
 * } catch (error) {
 *   if (error instanceof HandleTransferError) socket.destroy(); // it is still open here
 * }
 * ```
 */
export class HandleTransferError extends ProcxyError {
  declare readonly name: 'HandleTransferError';
  declare readonly code: 'PROCXY_HANDLE_TRANSFER';
  static {
    define(this, 'HandleTransferError', 'PROCXY_HANDLE_TRANSFER');
  }
}

/**
 * A function was passed, but the other side already holds as many as `maxCallbacks` allows.
 *
 * @example
 * ```ts
 * const texts = await procxy(Texts, { enableCallbacks: true, maxCallbacks: 100 });
 * try {
 *   await texts.onEach((word) => console.log(word));
 * } catch (error) {
 *   if (error instanceof CallbackLimitError) console.error('The child still holds 100 functions.');
 * }
 * ```
 */
export class CallbackLimitError extends ProcxyError {
  declare readonly name: 'CallbackLimitError';
  declare readonly code: 'PROCXY_CALLBACK_LIMIT';
  static {
    define(this, 'CallbackLimitError', 'PROCXY_CALLBACK_LIMIT');
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
 * An object was passed by reference, but the other side already holds as many as `maxReferences` allows.
 *
 * @example
 * ```ts
 * const db = await procxy(Database, { enableReferences: true, maxReferences: 1000 });
 * try {
 *   await db.prepare('SELECT 1');
 * } catch (error) {
 *   if (error instanceof ReferenceLimitError) console.error('1,000 statements are still held. Release some.');
 * }
 * ```
 */
export class ReferenceLimitError extends ProcxyError {
  declare readonly name: 'ReferenceLimitError';
  declare readonly code: 'PROCXY_REFERENCE_LIMIT';
  static {
    define(this, 'ReferenceLimitError', 'PROCXY_REFERENCE_LIMIT');
  }
}

/**
 * A process cannot block for a function marked by `sync()`, or the function called the child that waits for it.
 *
 * @example
 * ```ts
 * try {
 *   await texts.sorted(sync((a: string, b: string) => a.localeCompare(b)));
 * } catch (error) {
 *   if (error instanceof SyncCallbackError) console.error(error.message);
 * }
 * ```
 */
export class SyncCallbackError extends ProcxyError {
  declare readonly name: 'SyncCallbackError';
  declare readonly code: 'PROCXY_SYNC_CALLBACK';
  static {
    define(this, 'SyncCallbackError', 'PROCXY_SYNC_CALLBACK');
  }
}

/**
 * The proxy was terminated by `$terminate()`, `using` or its `signal`. Or a function was released by `$releaseCallback()`, or a
 * reference by `$release()`.
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
