import { types } from 'node:util';

/**
 * Type checks that work for values of any realm. Jest, jsdom and `node:vm` have their own global classes: there, Node's errors,
 * Buffers, URLs and streams are not instances of them.
 */

export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error || isDomException(value);
}

export function isDomException(value: unknown): value is DOMException {
  return isOf('DOMException', 'message', value);
}

export function isUrl(value: unknown): value is URL {
  return isOf('URL', 'href', value);
}

export function isAbortSignal(value: unknown): value is AbortSignal {
  return isOf('AbortSignal', 'aborted', value);
}

export function isReadableStream(value: unknown): value is ReadableStream {
  return isOf('ReadableStream', 'getReader', value);
}

export function isWritableStream(value: unknown): value is WritableStream {
  return isOf('WritableStream', 'getWriter', value);
}

/** Returns the classes of web streams. jsdom does not have them, so that Node's are used there. */
export function webStreams(): Pick<typeof globalThis, 'ReadableStream' | 'WritableStream'> {
  return 'ReadableStream' in globalThis ? globalThis : process.getBuiltinModule('node:stream/web');
}

/** Whether an object is plain, not an instance of a class. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Web classes have their name in `Symbol.toStringTag`, in Node, in jsdom and in polyfills. */
function isOf(type: string, member: string, value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === type &&
    member in value
  );
}
