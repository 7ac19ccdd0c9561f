import { inspect } from 'node:util';
import { OptionsValidationError } from '../../errors.js';
import { poolCallOptions, poolSize } from '../../options/pool.js';
import type { InstanceDescription } from '../../protocol.js';
import type { CallOptions } from '../../session/calls/open-call.js';
import { PipelinedResult } from '../../session/calls/pipelined-result.js';
import { RemoteResult } from '../../session/calls/remote-result.js';
import type { UntypedFunction } from '../../types/any-function.js';
import type { PoolCallOptions } from '../../types/pool.js';
import { refuseOverrides } from '../controls.js';
import { eventApi } from '../event-api.js';
import { emitterMethods } from '../../session/events/emitter-methods.js';
import { isProbed, refuseToCross } from '../proxy.js';
import { remoteMethod, type CallSource } from '../remote-method.js';
import type { PoolPlan } from './plans.js';
import type { Pool } from './pool.js';

/** Replaced by the function of the instance that gets the call. */
const endLate = (): void => {};

export interface PoolSource {
  pool: Pool;
  plan: PoolPlan;
  description: InstanceDescription;
}

/** Makes the object that represents the pool: the methods of its instances, and members of its own that start with `$`. */
export function createPoolProxy(source: PoolSource, overrides: PoolCallOptions = {}): object {
  const { pool, plan, description } = source;
  const { className } = plan;
  const pipelines = plan.options.references.isAutomatic;
  const calls: CallSource = {
    connection: { call: callOf(pool, overrides.key, pipelines), endLate, pipelines },
    options: plan.options,
  };
  const callAll = (method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> =>
    pool.all(method, args, options);
  const everywhere: CallSource = { connection: { call: callAll, endLate, pipelines: false }, options: plan.options };
  const isMethod = (name: string): boolean => !isProbed(name) && !(description.emitter && emitterMethods.has(name));
  const methods = description.methods.filter(isMethod);
  const members: PropertyDescriptorMap = {};
  const define = (key: PropertyKey, value: unknown): void => {
    members[key] = { value, enumerable: false, configurable: true };
  };
  for (const method of methods) define(method, remoteMethod(calls, method, overrides));
  const own = {
    ...(description.emitter && eventApi(pool.listeners, () => proxy, description.methods)),
    ...poolControls(source, overrides),
    $all: Object.fromEntries(methods.map((method) => [method, remoteMethod(everywhere, method, overrides)])),
  };
  for (const [name, value] of Object.entries(own)) define(name, value);
  define(Symbol.asyncDispose, () => pool.terminate());
  define(Symbol.toStringTag, 'ProcxyPool');
  define(inspect.custom, () => `ProcxyPool<${className || 'anonymous'}>`);
  const proxy = Object.freeze(Object.create(Object.prototype, members) as object);
  refuseToCross(proxy);
  return proxy;
}

/** The instance of a call is unknown before the hand-over. So methods of the result are called when the result has arrived. */
function callOf(pool: Pool, key: string | undefined, pipelines: boolean): CallSource['connection']['call'] {
  return (method, args, options) =>
    pipelines
      ? PipelinedResult.open((settle) => void pool.open(method, args, options, key, settle), args)
      : new RemoteResult((resolve, reject) => pool.open(method, args, options, key, { resolve, reject }));
}

function poolControls(source: PoolSource, overrides: PoolCallOptions): Record<string, unknown> {
  const { pool } = source;
  return {
    $use: (use: unknown) => {
      if (typeof use === 'function') return pool.use(use as UntypedFunction, overrides.signal);
      return Promise.reject(new OptionsValidationError(`$use() takes a function, but got a ${typeof use}.`));
    },
    $with(given: unknown) {
      const refusal = refuseOverrides(given, poolCallOptions, '{ timeout, signal, key }');
      const changed = refusal ? { signal: AbortSignal.abort(refusal) } : (given as PoolCallOptions);
      return createPoolProxy(source, { ...overrides, ...changed });
    },
    $room: () => pool.room(),
    $resize: (size: unknown) => {
      const problem = poolSize.check(size, 'size');
      if (problem !== undefined) return Promise.reject(new OptionsValidationError(`$resize(): ${problem}`));
      return pool.resize(poolSize.read(size as number));
    },
    $recycle: () => pool.recycle(),
    $drain: () => pool.drain(),
    $terminate: () => pool.terminate(),
    $stats: () => pool.stats(),
  };
}
