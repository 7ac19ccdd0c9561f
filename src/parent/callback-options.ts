import type { CallbackRequest, ReferenceRequest } from '../protocol.js';
import type { CallbacksOptions } from '../session/functions/callbacks.js';
import { warn } from '../warnings.js';
import type { CallbackLimits, ReferenceLimits } from './options/resolve-options.js';
import { isTraced, traceCallback } from './tracing.js';
import type { Worker } from './worker.js';

/** Makes the parent's options for functions that cross. */
export function callbackOptions(limits: CallbackLimits, worker: Worker): Omit<CallbacksOptions, 'isParent'> {
  const trace = (name: string, args: unknown[], run: () => unknown): unknown =>
    traceCallback({ pid: worker.pid, name, arguments: args }, run);
  return { ...limits, onUnhandled: warnOfFailure, trace: () => (isTraced.callbacks ? trace : undefined) };
}

/** Makes the same options for the worker. */
export function callbackRequest({ limit, timeout }: CallbackLimits, { descriptors }: Worker): CallbackRequest {
  return {
    limit,
    // JSON has no Infinity.
    ...(timeout !== Infinity && { timeout }),
    ...(descriptors.blocking !== undefined && { syncDescriptor: descriptors.blocking }),
  };
}

/** Tells the worker how objects go by reference. */
export function referenceRequest({ limit, isAutomatic, timeout }: ReferenceLimits): ReferenceRequest {
  return { limit, ...(isAutomatic && { automatic: true }), ...(timeout !== Infinity && { timeout }) };
}

/** Failures that nobody awaits are reported as Node reports them. */
export function warnOfFailure(name: string, reason: string): void {
  warn('PROCXY_CALLBACK_FAILED', `${name}() failed, and nothing awaits its result. ${reason}.`);
}
