import { serialize } from 'node:v8';
import { describeReason, SerializationError } from '../errors.js';
import type { SerializationMode } from '../types/serializable.js';
import { createCodec } from './create-codec.js';

/** Whether a value can cross in this mode, as an argument or a result. Nothing is sent. */
export function isProcxiable(value: unknown, mode: SerializationMode = 'json'): boolean {
  try {
    validateProcxiable(value, mode, 'value');
    return true;
  } catch {
    return false;
  }
}

/**
 * The same, as an error that says what and where.
 * @param context what the value is, with which the path in the error begins: `config` gives `config.port`
 * @throws {SerializationError}
 */
export function validateProcxiable(value: unknown, mode: SerializationMode, context: string): void {
  const codec = createCodec({ mode, self: { current: undefined }, ...dryRun });
  const { wire } = codec.encode(value, { root: context });
  try {
    // What no walk can see: too deep or too large for one message, a detached buffer.
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

/** What crosses piece by piece, or follows its original, is left alone. */
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
