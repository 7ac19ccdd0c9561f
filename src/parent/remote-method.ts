import { TimeoutError } from '../errors.js';
import type { CallOptions } from '../session/calls.js';
import type { CallOverrides } from '../types/options.js';
import type { Connection } from './connection.js';
import { unlimited, type ResolvedOptions } from './options.js';

type AnyFunction = (...args: unknown[]) => unknown;

export interface CallSource {
  connection: Connection;
  options: Pick<ResolvedOptions, 'timeout' | 'retries'>;
}

/** The function that stands on the proxy for a method of the instance. */
export function remoteMethod(source: CallSource, method: string, overrides: CallOverrides): AnyFunction {
  const { connection, options } = source;
  const call = (...args: unknown[]): Promise<unknown> => {
    const attempt = (): Promise<unknown> => connection.call(method, args, settings);
    return options.retries === 0 ? attempt() : retry(attempt, options.retries);
  };
  const settings = callOptions(source, overrides, call);
  Object.defineProperty(call, 'name', { value: method, configurable: true });
  return call;
}

/** @param boundary the function that the user calls: the frame above it is the call site */
export function callOptions({ options }: CallSource, overrides: CallOverrides, boundary: AnyFunction): CallOptions {
  const timeout = overrides.timeout === undefined ? options.timeout : unlimited(overrides.timeout);
  return { timeout, signal: overrides.signal, boundary };
}

async function retry(attempt: () => Promise<unknown>, retries: number): Promise<unknown> {
  for (let left = retries; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof TimeoutError)) throw error;
    }
  }
}
