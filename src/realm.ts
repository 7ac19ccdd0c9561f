import { types } from 'node:util';

/**
 * What a value is, whichever realm its class comes from. Jest, jsdom and `node:vm` bring classes of their own: there Node's errors,
 * Buffers, URLs and streams are instances of none of the global ones.
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

/** jsdom has no streams of the web: there they are Node's own. */
export function webStreams(): Pick<typeof globalThis, 'ReadableStream' | 'WritableStream'> {
  return 'ReadableStream' in globalThis ? globalThis : process.getBuiltinModule('node:stream/web');
}

/** Whether an object has no class. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** The web's classes name themselves by `Symbol.toStringTag`, in Node, in jsdom and in polyfills. */
function isOf(type: string, member: string, value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === type &&
    member in value
  );
}
