/**
 * What the tests import as `procxy` if PROCXY_ELSEWHERE contains options, as JSON: each instance is made with them, in another runtime
 * or on another channel. With `nats`, the address of a server, it is made on a host.
 */
import * as real from '../../dist/index.js';
import { callerUrl } from '../../src/parent/caller.js';
import { HostOfTests } from './host-of-tests.js';

export * from '../../dist/index.js';

const { nats, ...elsewhere } = JSON.parse(process.env['PROCXY_ELSEWHERE'] ?? '{}') as real.ProcxyOptions & {
  nats?: string;
};
const host = nats === undefined ? undefined : await HostOfTests.start(nats);

type Start = (...args: unknown[]) => unknown;

/** `start`, with the options in each call. */
function startingElsewhere(start: Start): Start {
  return function started(Class, ...rest) {
    const isModule = typeof rest[0] === 'string' || rest[0] instanceof URL || rest[0] === undefined;
    let module = isModule ? rest.shift() : undefined;
    const caller = callerUrl(started as never);
    // The calling file is now this one.
    if (typeof module === 'string' && module.startsWith('.')) module = new URL(module, caller).href;
    const isOptions = rest[0] === undefined || Object.getPrototypeOf(rest[0]) === Object.prototype;
    const options = { ...elsewhere, ...(isOptions ? (rest.shift() as real.ProcxyOptions | undefined) : undefined) };
    // A test that says so is about this process.
    if (!host || options.inProcess) return start(Class, module, options, ...rest);
    const modulePath = (module ?? options.modulePath) as string | URL | undefined;
    try {
      return start(Class, undefined, host.optionsFor(Class, { ...options, modulePath }, caller), ...rest);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
}

export const procxy = Object.assign(startingElsewhere(real.procxy as unknown as Start), {
  warm: real.procxy.warm,
}) as typeof real.procxy;

/** Pools are started elsewhere only on hosts: the other suites have none. */
export const procxyPool = (
  host ? startingElsewhere(real.procxyPool as unknown as Start) : real.procxyPool
) as typeof real.procxyPool;
