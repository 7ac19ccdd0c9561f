import type { Codec, Encoded, Origin } from '../../codec/codec.js';
import { PipelineError, SerializationError } from '../../errors.js';
import type { CallTarget } from './open-call.js';

/**
 * Encodes the arguments of a call. If they cannot cross, but the target needs fewer of them, encodes only those.
 * @throws {SerializationError} naming the argument that cannot cross
 */
export function encodeArgs(codec: Codec, target: CallTarget, args: readonly unknown[], origin: Origin): Encoded {
  try {
    return codec.encode(args, origin);
  } catch (error) {
    if (error instanceof PipelineError) throw PipelineError.of(origin.method ?? '', error);
    const fewer = typeof target === 'object' && target.type === 'function' ? target.fewer(args) : undefined;
    if (!fewer || !(error instanceof SerializationError)) throw error;
    return codec.encode(fewer, origin);
  }
}
