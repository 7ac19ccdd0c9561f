import { define, ProcxyError } from './procxy-error.js';

/** The errors of values that cannot cross, or cannot be read or set. */

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

/** Whether sending may succeed after the other side has collected its garbage. */
export function isLimitError(error: unknown): boolean {
  return error instanceof CallbackLimitError || error instanceof ReferenceLimitError;
}
