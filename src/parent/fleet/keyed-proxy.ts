import { OptionsValidationError } from '../../errors.js';
import { keyedOptions } from '../../options/keyed.js';
import { overridingOptions } from '../../options/calls.js';
import { show } from '../../options/show.js';
import type { Settle } from '../../session/calls/open-call.js';
import { PipelinedResult } from '../../session/calls/pipelined-result.js';
import { RemoteResult } from '../../session/calls/remote-result.js';
import type { AnyFunction } from '../../types/any-function.js';
import type { CallOverrides } from '../../types/options.js';
import { refuseOverrides } from '../controls.js';
import { eventApi } from '../event-api.js';
import { emitterMethods } from '../../session/events/emitter-methods.js';
import { planInstance, type Creation } from '../instance-plan.js';
import { isProbed, refuseToCross } from '../proxy.js';
import { remoteMethod, type CallSource } from '../remote-method.js';
import { Keyed } from './keyed.js';
import type { KeyedPlan } from './plans.js';

/** Makes the object that gives the instance of each key. */
export function createKeyed(creation: Omit<Creation, 'further'>): object {
  const plan = planInstance({ ...creation, further: { caller: 'procxyKeyed', table: keyedOptions } });
  if (plan.constructorArgs.length > 0) {
    throw new OptionsValidationError(
      `procxyKeyed() takes a class, its module and options, but got ${show(plan.constructorArgs[0])} besides. ` +
        'The constructor gets the key, and what `restore` gives.',
    );
  }
  if (plan.options.restart) {
    throw new OptionsValidationError(
      'The option `restart` is not for procxyKeyed(): the next call of a key makes its instance again. Leave it out.',
    );
  }
  if (plan.options.host) {
    throw new OptionsValidationError(
      'The option `host` is not for procxyKeyed(), whose instances live on this machine. ' +
        'Leave it out, or use procxyPool(), which takes hosts.',
    );
  }
  if (plan.options.perChild > 1 && plan.options.agent !== undefined) {
    throw new OptionsValidationError(
      `The option \`perChild\` cannot be combined with \`agent\`, which serves one instance, but got ${plan.options.perChild}. Leave one of the two out.`,
    );
  }
  plan.options.signal?.throwIfAborted();
  const keyed = new Keyed(plan);
  return {
    get(key: unknown): object {
      if (typeof key === 'string') return keyProxy({ keyed, plan, key }, {});
      throw new OptionsValidationError(`get() takes a key as a string, but got ${show(key)}.`);
    },
    $drain: () => keyed.drain(),
    $terminate: () => keyed.terminate(),
    $stats: () => keyed.stats(),
    // An instance that could not be saved is reported, and ends anyway: nothing can reach it any more.
    [Symbol.asyncDispose]: () => keyed.drain().finally(() => keyed.terminate()),
  };
}

interface KeySource {
  keyed: Keyed;
  plan: KeyedPlan;
  key: string;
}

/** The methods are known when there is an instance. Until then, every name may be a method. */
function keyProxy(source: KeySource, overrides: CallOverrides): object {
  const { keyed, plan, key } = source;
  const members = new Map<string, unknown>();
  const pipelines = plan.options.references.isAutomatic;
  const calls: CallSource = {
    connection: {
      call(method, args, options) {
        const open = (settle: Settle): void => keyed.open(key, proxy, { method, args, options, settle });
        // There may be no instance yet. So methods of the result are called when the result has arrived.
        if (pipelines) return PipelinedResult.open((settle) => void open(settle), args);
        return new RemoteResult((resolve, reject) => open({ resolve, reject }));
      },
      // Replaced by the function of the instance that gets the call.
      endLate: () => {},
      pipelines,
    },
    options: plan.options,
  };
  const $with = (given: unknown): object => {
    const refusal = refuseOverrides(given, overridingOptions, '{ timeout, signal }');
    const changed = refusal ? { signal: AbortSignal.abort(refusal) } : (given as CallOverrides);
    return keyProxy(source, { ...overrides, ...changed });
  };
  const make = (name: string): unknown => {
    if (name === '$with') return $with;
    if (isProbed(name) || name.startsWith('$') || name === 'constructor') return undefined;
    if (isEmitter(plan) && emitterMethods.has(name)) return eventsOf(source, () => proxy)[name];
    return remoteMethod(calls, name, overrides);
  };
  const proxy: object = new Proxy(Object.freeze({}), {
    get(_target, name) {
      if (name === Symbol.toStringTag) return 'ProcxyKey';
      if (typeof name !== 'string') return undefined;
      if (!members.has(name)) members.set(name, make(name));
      return members.get(name);
    },
    has: (_target, name) => typeof name === 'string' && !isProbed(name),
  });
  refuseToCross(proxy);
  return proxy;
}

/** The key is known as long as somebody listens to it. */
function eventsOf({ keyed, key }: KeySource, proxy: () => object): Record<string, AnyFunction> {
  const entry = keyed.entry(key);
  entry.proxy ??= proxy();
  return eventApi(entry.listeners, proxy, ['addListener']);
}

/** Where the class is loaded only in the children, listeners are taken for such. */
function isEmitter({ type }: KeyedPlan): boolean {
  const { prototype } = (type() ?? {}) as { prototype?: object };
  return !prototype || ['on', 'off', 'emit'].every((name) => name in prototype);
}
