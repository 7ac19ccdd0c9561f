import type { UntypedFunction } from '../types/any-function.js';
import { timeLimit } from '../options/kind.js';
import { captureCallSite } from '../session/calls/call-site.js';
import { isOwnTimeout, type CallOptions } from '../session/calls/open-call.js';
import { RemoteResult } from '../session/calls/remote-result.js';
import type { CallOverrides } from '../types/options.js';
import type { Connection } from './connection.js';
import type { ResolvedOptions } from './options/resolve-options.js';

export interface CallSource {
  connection: Connection;
  options: Pick<ResolvedOptions, 'timeout' | 'retries' | 'onTimeout'>;
}

/** Makes the function on the proxy that calls a method of the instance. */
export function remoteMethod(source: CallSource, method: string, overrides: CallOverrides): UntypedFunction {
  const { connection, options } = source;
  const call = (...args: unknown[]): Promise<unknown> => {
    if (options.retries === 0) return connection.call(method, args, settings);
    // Captured now, since the caller is no longer on the stack during later attempts.
    const site = captureCallSite(call);
    const attempts = retry((isLast) => {
      const onTimeout = isLast ? settings.onTimeout : undefined;
      return connection.call(method, args, { ...settings, boundary: undefined, site, onTimeout });
    }, options.retries);
    return new RemoteResult((resolve, reject) => attempts.then(resolve, reject));
  };
  const settings = callOptions(source, overrides, call);
  Object.defineProperty(call, 'name', { value: method, configurable: true });
  return call;
}

/** @param boundary the function that the user calls. Its caller is the call site */
export function callOptions(
  { connection, options }: CallSource,
  overrides: CallOverrides,
  boundary: UntypedFunction,
): CallOptions {
  const timeout = overrides.timeout === undefined ? options.timeout : timeLimit.read(overrides.timeout);
  const onTimeout = options.onTimeout === 'terminate' ? connection.endLate : undefined;
  return { timeout, signal: overrides.signal, boundary, onTimeout };
}

async function retry(attempt: (isLast: boolean) => Promise<unknown>, retries: number): Promise<unknown> {
  for (let left = retries; ; left--) {
    try {
      return await attempt(left === 0);
    } catch (error) {
      if (left === 0 || !isOwnTimeout(error)) throw error;
    }
  }
}
