import type { Codec } from '../../codec/codec.js';
import type { CallbackInvoke, CallInvoke, ReferenceInvoke, ResultInvoke } from '../../protocol.js';
import { annotate } from '../wire/parcel.js';
import { encodeArgs } from './encode-args.js';
import type { OpenCall } from './open-call.js';

/** Encodes the arguments of a call, and makes the message for its target. @throws if the call cannot be sent */
export function callMessage(
  { id, target, method, args = [] }: OpenCall,
  codec: Codec,
): CallInvoke | CallbackInvoke | ReferenceInvoke | ResultInvoke {
  const resultOf = typeof target === 'object' && target.type === 'result' ? target.callId() : undefined;
  const remote = typeof target === 'object' && target.type !== 'result' ? target : undefined;
  // Before encoding, since it may throw: an encoded message has already exported its functions.
  const remoteId = remote?.id();
  // A class instance would reach the constructor without its methods, and fail much later for no visible reason.
  const refuseMethods = target === 'agent' && method === 'constructor';
  const encoded = encodeArgs(codec, target, args, { root: 'args', method, refuseMethods });
  const wire = encoded.wire as unknown[];
  if (remote && remoteId !== undefined) {
    if (remote.type === 'function') {
      return annotate({ type: 'callback-invoke', callbackId: remoteId, args: wire, invokeId: id }, encoded);
    }
    const { kind } = remote;
    return annotate(
      { type: 'reference-invoke', callId: id, referenceId: remoteId, ...(kind && { kind }), method, args: wire },
      encoded,
    );
  }
  if (resultOf !== undefined) {
    return annotate({ type: 'result-invoke', callId: id, resultOf, method, args: wire }, encoded);
  }
  const message: CallInvoke = { type: 'call-invoke', callId: id, method, args: wire };
  if (target === 'agent' || target === 'symbol') message.target = target;
  return annotate(message, encoded);
}
