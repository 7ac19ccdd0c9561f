import type { UntypedFunction } from '../types/any-function.js';
import { describeReason, OptionsValidationError, PropertyError } from '../errors.js';
import { overridingOptions } from '../options/calls.js';
import type { Table } from '../options/option.js';
import type { CallOverrides } from '../types/options.js';
import type { PassableHandle } from '../types/serializable.js';
import { checkOptions } from './options/check-options.js';
import { callOptions, type CallSource } from './remote-method.js';
import type { RemoteInstance } from './remote-instance.js';

export interface ControlSource extends CallSource {
  readonly connection: RemoteInstance;
}

/** The proxy's own members that change as the instance does. */
export const readings: Readonly<Record<string, (instance: RemoteInstance) => unknown>> = {
  $process: ({ worker }) => worker.process,
  $where: ({ worker: { host, pid } }) => ({ host, pid }),
  $exited: ({ worker }) => worker.exited,
  $blockedFor: ({ blockedFor }) => blockedFor,
  $restarts: ({ restarts }) => restarts,
};

/** Makes the proxy's other own members. `again` makes the same proxy with other call options. */
export function controls(
  source: ControlSource,
  overrides: CallOverrides,
  again: (changed: CallOverrides) => object,
): object {
  const { connection } = source;
  const $get: UntypedFunction = (name) => {
    if (typeof name !== 'string') return Promise.reject(nameError(name));
    return connection.get(name, callOptions(source, overrides, $get));
  };
  const $refresh: UntypedFunction = () => connection.refresh(callOptions(source, overrides, $refresh));
  const $sendHandle: UntypedFunction = (handle, id) =>
    connection.sendHandle(handle as PassableHandle, id, callOptions(source, overrides, $sendHandle));
  const $stats: UntypedFunction = () => connection.stats(callOptions(source, overrides, $stats));
  return {
    $terminate: () => connection.terminate(),
    $with(given: unknown) {
      const refusal = refuseOverrides(given, overridingOptions, '{ timeout, signal }');
      // Invalid options make the calls reject, like any other mistake.
      return again(refusal ? { signal: AbortSignal.abort(refusal) } : (given as CallOverrides));
    },
    $get,
    $refresh,
    $releaseCallback: (fn: unknown) => connection.releaseCallback(checkFunction(fn)),
    $sendHandle,
    $stats,
  };
}

function nameError(name: unknown): PropertyError {
  return new PropertyError(`$get() needs the name of a property as a string, but got a value of type ${typeof name}.`);
}

function checkFunction(fn: unknown): UntypedFunction {
  if (typeof fn === 'function') return fn as UntypedFunction;
  throw new OptionsValidationError(
    `$releaseCallback() needs a function, but got a value of type ${typeof fn}. Pass a function that has crossed.`,
  );
}

/**
 * Why these cannot be the options of single calls.
 * @param example how messages show them
 */
export function refuseOverrides(given: unknown, table: Table, example: string): unknown {
  if (typeof given !== 'object' || given === null) {
    return new OptionsValidationError(`$with() needs an object, ${example}, but got ${describeReason(given)}.`);
  }
  try {
    checkOptions(given, table, 'Other options are not for single calls.');
    return undefined;
  } catch (error) {
    return error;
  }
}
