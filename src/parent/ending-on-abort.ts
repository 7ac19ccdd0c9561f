import { addAbortSignal, Readable, Writable } from 'node:stream';
import { onAbort } from '../session/calls/abort.js';
import type { Settle } from '../session/calls/open-call.js';
import { RemoteIterator } from '../session/streams/remote-iterator.js';

/**
 * Makes aborting a call's signal also end a returned iterator or Node stream.
 * @param settle the functions of the call's promise
 */
export function endingOnAbort(settle: Settle, signal: AbortSignal | undefined): Settle {
  if (!signal) return settle;
  return {
    resolve(value) {
      endOnAbort(value, signal);
      settle.resolve(value);
    },
    reject: (reason) => settle.reject(reason),
  };
}

function endOnAbort(result: unknown, signal: AbortSignal): void {
  if (result instanceof RemoteIterator) result.follow(signal);
  else if (result instanceof Readable || result instanceof Writable) destroyOnAbort(result, signal);
}

/** Does the same as `addAbortSignal()`, but the signal does not hold a reference to the stream. */
function destroyOnAbort(stream: Readable | Writable, signal: AbortSignal): void {
  const weak = new WeakRef(stream);
  const stop = onAbort(signal, () => {
    const target = weak.deref();
    // The signal has fired, so this destroys the stream immediately.
    if (target) addAbortSignal(signal, target);
  });
  stream.once('close', stop);
}
