import { serialize } from 'node:v8';
import { describeReason, SerializationError } from '../errors.js';
import type { SerializationMode } from '../types/serializable.js';
import { createCodec } from './create-codec.js';

/**
 * Returns whether a value can cross in this mode, as an argument or a result. Sends nothing.
 *
 * @example
 * ```ts
 * isProcxiable({ port: 80 }); // true
 * isProcxiable(new Map()); // false: JSON has no Map
 * isProcxiable(new Map(), 'advanced'); // true
 * ```
 */
export function isProcxiable(value: unknown, mode: SerializationMode = 'json'): boolean {
  try {
    validateProcxiable(value, mode, 'value');
    return true;
  } catch {
    return false;
  }
}

/**
 * Throws an error that says which part of a value cannot cross in this mode, and why.
 * @param context the name of the value, with which the path in the error begins: with `config`, it is `config.port`
 * @throws {SerializationError}
 * @example
 * ```ts
 * validateProcxiable({ since: new Map() }, 'json', 'config'); // throws: config.since is a Map …
 * ```
 */
export function validateProcxiable(value: unknown, mode: SerializationMode, context: string): void {
  const codec = createCodec({ mode, self: { current: undefined }, ...dryRun });
  const { wire } = codec.encode(value, { root: context });
  try {
    // Finds what a walk cannot see: a value that is too deep or too large for one message, or a detached buffer.
    if (mode === 'json') JSON.stringify(wire);
    else serialize(wire);
  } catch (error) {
    throw new SerializationError(
      `${context} could not be written as one message (${describeReason(error)}).`,
      context,
      {
        cause: error,
      },
    );
  }
}

/** Exchanges that accept streams and signals without touching them. */
const dryRun = {
  streams: {
    export: () => ({ kind: 'iterator', id: 1 }) as const,
    takeExported: () => [],
    discard: () => {},
    import: refuseToRead,
  },
  signals: { export: () => 1, import: refuseToRead },
};

function refuseToRead(): never {
  throw new TypeError('Nothing is read here.');
}
