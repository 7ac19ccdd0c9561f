import type { Decoder } from '../channel/decoder.js';
import type { StreamFormat } from '../channel/dialect.js';
import { ProtocolError } from '../errors.js';
import { isObject } from '../is-object.js';

/** The most bytes of constructor arguments that are read for `authorize`. */
const MAX_ARGUMENTS = 16 * 1024 * 1024;

/** Holds messages back until the first of them, which must make the instance, was read. */
export class Gate {
  readonly held: Buffer[] = [];
  /** Bytes that have arrived behind the first message. The client was not told yet that there is room for more. */
  owed = 0;
  readonly #decoder: Decoder;
  #isRead = false;

  constructor(format: StreamFormat, onArguments: (args: readonly unknown[]) => void) {
    this.#decoder = format.createDecoder({
      maxMessageBytes: MAX_ARGUMENTS,
      onMessage: (message) => {
        if (this.#isRead) return;
        this.#isRead = true;
        onArguments(constructorArguments(message));
      },
      onError(error) {
        throw error;
      },
    });
  }

  /** Returns whether the bytes are used: only the first message is read at once, however long it is. */
  push(bytes: Buffer): boolean {
    this.held.push(bytes);
    if (!this.#isRead) {
      this.#decoder.push(bytes);
      return true;
    }
    this.owed += bytes.length;
    return false;
  }
}

function constructorArguments(message: unknown): readonly unknown[] {
  const { type, target, method, args } = (isObject(message) ? message : {}) as Record<string, unknown>;
  if (type === 'call-invoke' && target === 'agent' && method === 'constructor' && Array.isArray(args)) return args;
  throw new ProtocolError('A client must make its instance before anything else.');
}
