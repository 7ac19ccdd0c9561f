import type { Codec } from '../../codec/codec.js';
import { SerializationError } from '../../errors.js';
import type { Coded, StreamClose, StreamEnd, Wire } from '../../protocol.js';
import type { StreamOutcome } from './source.js';

/** How the messages of a stream are read. */

/** @throws {SerializationError} for a value that this process does not know how to read */
export function readValue(codec: Codec, wire: Wire, coded: Coded | undefined): unknown {
  return coded ? codec.decode(wire) : wire;
}

/** Reads how a stream ended. A value that cannot be read makes it a failure. */
export function readOutcome(codec: Codec, { result, value, coded }: StreamEnd | StreamClose): StreamOutcome {
  try {
    return { failed: result === 'error', value: readValue(codec, value, coded) };
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    return { failed: true, value: error };
  }
}
