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

export type ProcxyErrorCode =
  | 'PROCXY_TIMEOUT'
  | 'PROCXY_CHILD_CRASHED'
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

/** The base class of all errors that this library makes. It never wraps the errors of methods. */
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
    return text.length > REASON_LIMIT ? `${text.slice(0, REASON_LIMIT)}…` : text.replace(/\.$/, '');
  } catch {
    return 'a value that cannot be shown';
  }
}

/** A call or the start of a child exceeded its time limit. The child keeps running the method, and a late result is dropped. */
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

/** The child process could not be started, or ended while calls were open. */
export class ChildCrashedError extends ProcxyError {
  declare readonly name: 'ChildCrashedError';
  declare readonly code: 'PROCXY_CHILD_CRASHED';
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

/** The module, or the class in it, was not found or could not be loaded. */
export class ModuleResolutionError extends ProcxyError {
  declare readonly name: 'ModuleResolutionError';
  declare readonly code: 'PROCXY_MODULE_RESOLUTION';
  static {
    define(this, 'ModuleResolutionError', 'PROCXY_MODULE_RESOLUTION');
  }
}

/** A value cannot cross in this serialization mode without being changed. */
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

/** An argument or an option is invalid. */
export class OptionsValidationError extends ProcxyError {
  declare readonly name: 'OptionsValidationError';
  declare readonly code: 'PROCXY_OPTIONS_VALIDATION';
  static {
    define(this, 'OptionsValidationError', 'PROCXY_OPTIONS_VALIDATION');
  }
}

/** A property was set on the proxy, or a property was read that is not mirrored. */
export class PropertyError extends ProcxyError {
  declare readonly name: 'PropertyError';
  declare readonly code: 'PROCXY_PROPERTY';
  static {
    define(this, 'PropertyError', 'PROCXY_PROPERTY');
  }
}

/** A socket, server or descriptor could not be moved to the other process. */
export class HandleTransferError extends ProcxyError {
  declare readonly name: 'HandleTransferError';
  declare readonly code: 'PROCXY_HANDLE_TRANSFER';
  static {
    define(this, 'HandleTransferError', 'PROCXY_HANDLE_TRANSFER');
  }
}

/** A function was passed, but the other side already holds as many as `maxCallbacks` allows. */
export class CallbackLimitError extends ProcxyError {
  declare readonly name: 'CallbackLimitError';
  declare readonly code: 'PROCXY_CALLBACK_LIMIT';
  static {
    define(this, 'CallbackLimitError', 'PROCXY_CALLBACK_LIMIT');
  }
}

/** A method was called on the result of another call, or given it, and that call failed. Its error is the `cause`. */
export class PipelineError extends ProcxyError {
  declare readonly name: 'PipelineError';
  declare readonly code: 'PROCXY_PIPELINE';
  static {
    define(this, 'PipelineError', 'PROCXY_PIPELINE');
  }
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

/** An object was passed by reference, but the other side already holds as many as `maxReferences` allows. */
export class ReferenceLimitError extends ProcxyError {
  declare readonly name: 'ReferenceLimitError';
  declare readonly code: 'PROCXY_REFERENCE_LIMIT';
  static {
    define(this, 'ReferenceLimitError', 'PROCXY_REFERENCE_LIMIT');
  }
}

/** A process cannot block for a function marked by `sync()`, or the function called the child that waits for it. */
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
 */
export class TerminatedError extends ProcxyError {
  declare readonly name: 'TerminatedError';
  declare readonly code: 'PROCXY_TERMINATED';
  static {
    define(this, 'TerminatedError', 'PROCXY_TERMINATED');
  }
}

/** The other side broke the protocol. The child was ended, or the connection was closed. */
export class ProtocolError extends ProcxyError {
  declare readonly name: 'ProtocolError';
  declare readonly code: 'PROCXY_PROTOCOL';
  static {
    define(this, 'ProtocolError', 'PROCXY_PROTOCOL');
  }
}

/** The requested kind of channel is not available on this platform or in this process. */
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
