import { ProtocolError } from '../errors.js';
import { isId } from '../field-checks.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Knows the results of calls that may be arguments of other calls before they arrive. */
export interface ResultExchange {
  isResult(value: object): boolean;
  /** The call that gives a result, or the result itself where it has arrived. @throws {PipelineError} when the call has failed */
  locate(result: object): { callId: number } | { value: unknown };
  /** What stands for the result until the arguments are used. */
  find(callId: number): unknown;
}

/** Carries results that have not arrived: as arguments themselves, not within them. */
export function resultHandler(exchange: ResultExchange): TransferHandler {
  return {
    name: 'result',
    canHandle: (value): value is object => exchange.isResult(value),
    encode(value, context) {
      const [args, ...within] = context.parents;
      if (!Array.isArray(args) || within.length !== 1) {
        return context.refuse('a Promise within an argument', 'Await it first, or pass it as an argument itself.');
      }
      const place = exchange.locate(value);
      return 'callId' in place ? place : { value: context.encode(place.value, { place: '' }) };
    },
    decode(wire, context) {
      const { callId, value } = (wire ?? {}) as { callId?: unknown; value?: unknown };
      if (callId === undefined) return context.decode(value);
      if (!isId(callId)) throw new ProtocolError('The result of a call arrived malformed.');
      return exchange.find(callId);
    },
  };
}
