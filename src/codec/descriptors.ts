import { ProtocolError, SerializationError } from '../errors.js';
import type { CallbackDescriptor, Descriptor, Wire } from '../protocol.js';
import { registeredHandler } from './registry.js';
import type { DecodeContext, TransferHandler } from './transfer-handlers.js';

/** Reads descriptors in either mode. */
export class DescriptorReader {
  readonly #byName: ReadonlyMap<string, TransferHandler>;
  readonly #context: DecodeContext;
  readonly #decodeIn: (container: object) => object;

  /** @param decodeIn decodes the parts of a container in place, even if the container looks like a descriptor */
  constructor(handlers: readonly TransferHandler[], context: DecodeContext, decodeIn: (container: object) => object) {
    // If two handlers have the same name, the first one wins, as in encoding.
    this.#byName = new Map(handlers.toReversed().map((handler) => [handler.name, handler]));
    this.#context = context;
    this.#decodeIn = decodeIn;
  }

  /**
   * @throws {ProtocolError} if it is malformed
   * @throws {SerializationError} if this process has no handler for its type
   */
  read(descriptor: Descriptor | CallbackDescriptor): unknown {
    if ('__procxy_callback' in descriptor) return this.#byName.get('function')?.decode(descriptor, this.#context);
    const { __procxy_type: type, value } = descriptor;
    if (type === 'undefined') return undefined;
    if (type === 'negative-zero') return -0;
    if (type === 'escaped') {
      if (typeof value !== 'object' || value === null) throw new ProtocolError('An escaped object is missing.');
      return this.#decodeIn(value);
    }
    const handler = this.#byName.get(type) ?? registeredHandler(type);
    if (!handler) {
      throw new SerializationError(
        `A value arrived that the transfer handler '${type}' wrote, but this process has no handler of that name. ` +
          'Import the module that registers it.',
        type,
      );
    }
    return handler.decode(value, this.#context);
  }
}

export function isDescriptor(wire: Wire): wire is Descriptor | CallbackDescriptor {
  return (
    typeof wire === 'object' && wire !== null && (hasText(wire, '__procxy_type') || hasText(wire, '__procxy_callback'))
  );
}

function hasText(wire: object, key: string): boolean {
  return Object.hasOwn(wire, key) && typeof (wire as Record<string, unknown>)[key] === 'string';
}
