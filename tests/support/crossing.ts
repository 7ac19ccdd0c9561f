import { messageFormat } from '../../src/channel/frames.js';
import type { Codec, Encoded, Origin } from '../../src/codec/codec.js';
import { createCodec, type CodecOptions } from '../../src/codec/create-codec.js';
import type { Wire } from '../../src/protocol.js';
import type { SerializationMode } from 'procxy';

export function codecOf(mode: SerializationMode, options: Partial<CodecOptions> = {}): Codec {
  return createCodec({ mode, self: { current: undefined }, ...options });
}

/** Serializes and deserializes a wire value, as a real message does. */
export function transmit(mode: SerializationMode, wire: Wire): Wire {
  const format = messageFormat(mode);
  return (format.decode(format.encode({ wire })) as { wire: Wire }).wire;
}

/** Returns a value as it arrives in another process with the same codec. */
export function cross(mode: SerializationMode, value: unknown, codec = codecOf(mode)): unknown {
  const { wire, coded }: Encoded = codec.encode(value, { root: 'value' });
  const arrived = transmit(mode, wire);
  return coded === undefined ? arrived : codec.decode(arrived);
}

/** Returns the error with which a value is refused, or `undefined`. */
export function refusalOf(codec: Codec, value: unknown, origin: Origin = { root: 'value' }): unknown {
  try {
    codec.encode(value, origin);
    return undefined;
  } catch (error) {
    return error;
  }
}
