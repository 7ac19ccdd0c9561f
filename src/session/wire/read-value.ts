import type { Codec } from '../../codec/codec.js';
import { SerializationError } from '../../errors.js';
import type { Coded, Wire } from '../../protocol.js';

/**
 * Returns the value of a message, or the error that kept this process from reading it: the receiver gets something in any case.
 * @throws {ProtocolError} if the value is malformed
 */
export function readValueOrRefusal(codec: Codec, wire: Wire, coded: Coded | undefined): unknown {
  try {
    return coded ? codec.decode(wire) : wire;
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
}
