import { ProtocolError } from '../errors.js';
import { isId } from '../field-checks.js';
import type { SignalDescription, Wire } from '../protocol.js';
import { isAbortSignal } from '../realm.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Follows signals, and knows each by an id. */
export interface SignalExchange {
  /** Returns an id for a signal that has not fired yet. */
  export(signal: AbortSignal): number;
  import(id: number): AbortSignal;
}

/** Carries an AbortSignal as a signal that fires together with it. Without an exchange, refuses it and says how it can cross. */
export function signalHandler(exchange: SignalExchange | undefined): TransferHandler<AbortSignal> {
  return {
    name: 'abort-signal',
    canHandle: isAbortSignal,
    encode(signal, context): SignalDescription {
      if (!exchange) return context.refuse('a signal, which is not data', 'Pass it as an argument.');
      if (!signal.aborted) return { id: exchange.export(signal) };
      const { crosses, wire, refusal } = context.tryEncode(signal.reason, 'reason', 2);
      return { aborted: { reason: crosses ? wire : context.encode(refusal, 'reason', 2) } };
    },
    decode(wire, context) {
      if (!exchange) throw new ProtocolError('A signal arrived, but this side does not accept signals.');
      const { id, aborted } = check(wire);
      if (id !== undefined) return exchange.import(id);
      return 'reason' in (aborted ?? {}) ? AbortSignal.abort(context.decode(aborted?.reason)) : AbortSignal.abort();
    },
  };
}

function check(wire: Wire): SignalDescription {
  const { id, aborted } = (wire ?? {}) as { id?: unknown; aborted?: unknown };
  const isFired = id === undefined && typeof aborted === 'object' && aborted !== null;
  if (!isId(id) && !isFired) throw new ProtocolError('A signal arrived malformed.');
  return wire as SignalDescription;
}
