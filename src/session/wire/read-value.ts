import type { Codec } from '../../codec/codec.js';
import { SerializationError } from '../../errors.js';
import type { Coded, Wire } from '../../protocol.js';

/**
 * The value of a message. In place of a value that this process cannot read it is the error that says so: whoever waits for the value
 * hears something in any case.
 * @throws {ProtocolError} when the value is malformed
 */
export function readValueOrRefusal(codec: Codec, wire: Wire, coded: Coded | undefined): unknown {
  try {
    return coded ? codec.decode(wire) : wire;
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
}
