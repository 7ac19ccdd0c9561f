import type { AnyFunction } from '../codec/function-codec.js';
import { OptionsValidationError, PropertyError } from '../errors.js';
import { overridingOptions } from '../options/calls.js';
import type { CallOverrides } from '../types/options.js';
import type { PassableHandle } from '../types/serializable.js';
import { checkOptions } from './options/check-options.js';
import { callOptions, type CallSource } from './remote-method.js';

/** The proxy's own members. `again` makes the same proxy with other options for its calls. */
export function controls(
  source: CallSource,
  overrides: CallOverrides,
  again: (changed: CallOverrides) => object,
): object {
  const { connection } = source;
  const $get: AnyFunction = (name) => connection.get(checkName(name), callOptions(source, overrides, $get));
  const $refresh: AnyFunction = () => connection.refresh(callOptions(source, overrides, $refresh));
  const $sendHandle: AnyFunction = (handle, id) =>
    connection.sendHandle(handle as PassableHandle, id, callOptions(source, overrides, $sendHandle));
  const $stats: AnyFunction = () => connection.stats(callOptions(source, overrides, $stats));
  return {
    $terminate: () => connection.terminate(),
    $process: connection.worker.process,
    $exited: connection.worker.exited,
    $with: (given: unknown) => again(checkOverrides(given)),
    $get,
    $refresh,
    $releaseCallback: (fn: unknown) => connection.releaseCallback(checkFunction(fn)),
    $sendHandle,
    $stats,
  };
}

function checkName(name: unknown): string {
  if (typeof name === 'string') return name;
  throw new PropertyError(`$get() takes the name of a property as a string; it is a ${typeof name}.`);
}

function checkFunction(fn: unknown): AnyFunction {
  if (typeof fn === 'function') return fn as AnyFunction;
  throw new OptionsValidationError(`$releaseCallback() takes a function; it is a ${typeof fn}.`);
}

function checkOverrides(given: unknown): CallOverrides {
  if (typeof given !== 'object' || given === null) {
    throw new OptionsValidationError('$with() takes an object: { timeout, signal }.');
  }
  checkOptions(given, overridingOptions, 'Other options are for procxy() only.');
  return given;
}
