import type { UntypedFunction } from '../types/any-function.js';
import { isIterator } from '../codec/members.js';
import { timeLimit } from '../options/kind.js';
import { captureCallSite } from '../session/calls/call-site.js';
import { isOwnTimeout, type CallOptions, type CallTarget, type Settle } from '../session/calls/open-call.js';
import { PipelinedResult } from '../session/calls/pipelined-result.js';
import { RemoteResult } from '../session/calls/remote-result.js';
import type { TimeoutError } from '../errors.js';
import type { CallOverrides } from '../types/options.js';
import type { ResolvedOptions } from './options/resolve-options.js';

/** Makes calls, as a connection does. */
export interface Caller {
  /** @param target the owner of the method. Absent: the instance */
  call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown>;
  /** Whether methods can be called on results that have not arrived. */
  readonly pipelines: boolean;
  /** Kills the worker, which did not answer in time. */
  endLate(error: TimeoutError): void;
}

/** The options of calls that have none of their own. */
export type CallDefaults = Pick<ResolvedOptions, 'timeout' | 'retries' | 'onTimeout'>;

export interface CallSource {
  readonly connection: Caller;
  options: CallDefaults;
}

/**
 * Makes the function on a proxy that calls a method.
 * @param target the owner of the method. Absent: the instance.
 */
export function remoteMethod(
  source: CallSource,
  method: string,
  overrides: CallOverrides,
  target?: CallTarget,
): UntypedFunction {
  const { connection, options } = source;
  const call = (...args: unknown[]): Promise<unknown> => {
    if (options.retries === 0) return connection.call(method, args, settings, target);
    // Captured now, since the caller is no longer on the stack during later attempts.
    const site = captureCallSite(call);
    const attempts = retry((isLast) => {
      const onTimeout = isLast ? settings.onTimeout : undefined;
      return connection.call(method, args, { ...settings, boundary: undefined, site, onTimeout }, target);
    }, options.retries);
    const follow = ({ resolve, reject }: Settle): undefined => void attempts.then(resolve, reject);
    return connection.pipelines
      ? PipelinedResult.open(follow)
      : new RemoteResult((resolve, reject) => attempts.then(resolve, reject));
  };
  const settings = callOptions(source, overrides, call);
  Object.defineProperty(call, 'name', { value: method, configurable: true });
  return call;
}

/**
 * Makes the method under a well-known symbol. Across processes every iteration is asynchronous: an iterator is returned at once, and
 * opened when it is first used.
 */
export function symbolMethod(
  source: CallSource,
  name: string,
  overrides: CallOverrides,
  target: CallTarget,
): UntypedFunction {
  const method = remoteMethod(source, name, overrides, target);
  return isIterator(name) ? () => (method() as AsyncIterable<unknown>)[Symbol.asyncIterator]() : method;
}

/** @param boundary the function that the user calls. Its caller is the call site */
export function callOptions(
  { connection, options }: CallSource,
  overrides: CallOverrides,
  boundary: UntypedFunction,
): CallOptions {
  const timeout = overrides.timeout === undefined ? options.timeout : timeLimit.read(overrides.timeout);
  const onTimeout =
    options.onTimeout === 'terminate' ? (error: TimeoutError): void => connection.endLate(error) : undefined;
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
