import { ProtocolError, SerializationError } from '../errors.js';
import type { Descriptor, Wire } from '../protocol.js';
import { registeredHandler } from './registry.js';
import type { DecodeContext, TransferHandler } from './transfer-handlers.js';

/** Reads descriptors, in either mode. */
export class DescriptorReader {
  readonly #byName: ReadonlyMap<string, TransferHandler>;
  readonly #context: DecodeContext;
  readonly #decodeIn: (container: object) => object;

  /** @param decodeIn decodes the parts of a container in place, without taking it for a descriptor itself */
  constructor(handlers: readonly TransferHandler[], context: DecodeContext, decodeIn: (container: object) => object) {
    // Of two with one name the first was asked first.
    this.#byName = new Map(handlers.toReversed().map((handler) => [handler.name, handler]));
    this.#context = context;
    this.#decodeIn = decodeIn;
  }

  /**
   * @throws {ProtocolError} when it is malformed
   * @throws {SerializationError} when nobody knows its type
   */
  read({ __procxy_type: type, value }: Descriptor): unknown {
    if (type === 'undefined') return undefined;
    if (type === 'negative-zero') return -0;
    if (type === 'escaped') {
      if (typeof value !== 'object' || value === null) throw new ProtocolError('An escaped object is missing.');
      return this.#decodeIn(value);
    }
    const handler = this.#byName.get(type) ?? registeredHandler(type);
    if (!handler) {
      throw new SerializationError(
        `A value arrived that the transfer handler '${type}' wrote, and none of that name is registered in this process. ` +
          'Import the module that registers it.',
        type,
      );
    }
    return handler.decode(value, this.#context);
  }
}

export function isDescriptor(wire: Wire): wire is Descriptor {
  return (
    typeof wire === 'object' &&
    wire !== null &&
    Object.hasOwn(wire, '__procxy_type') &&
    typeof (wire as Descriptor).__procxy_type === 'string'
  );
}
