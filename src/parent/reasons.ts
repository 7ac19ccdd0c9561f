import { TerminatedError } from '../errors.js';
import type { ErrorFactory } from '../session/calls/open-call.js';
import { CALL_AGAIN } from './worker.js';

/** Why calls of a proxy that was terminated reject. */
export function terminated(): TerminatedError {
  return new TerminatedError(`The proxy was terminated. ${CALL_AGAIN}`);
}

export function terminatedBySignal(signal: AbortSignal): ErrorFactory {
  return () => new TerminatedError('The proxy was terminated by its signal.', { cause: signal.reason });
}
