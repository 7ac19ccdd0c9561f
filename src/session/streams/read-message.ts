import type { Codec } from '../../codec/codec.js';
import { SerializationError } from '../../errors.js';
import type { Coded, StreamClose, StreamEnd, Wire } from '../../protocol.js';
import type { StreamOutcome } from './source.js';

/** Reads the value of a stream's message. @throws {SerializationError} for a value that this process cannot read */
export function readValue(codec: Codec, wire: Wire, coded: Coded | undefined): unknown {
  return coded ? codec.decode(wire) : wire;
}

/** Reads how a stream ended. A value that cannot be read turns the end into a failure. */
export function readOutcome(codec: Codec, { result, value, coded }: StreamEnd | StreamClose): StreamOutcome {
  try {
    return { failed: result === 'error', value: readValue(codec, value, coded) };
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    return { failed: true, value: error };
  }
}
