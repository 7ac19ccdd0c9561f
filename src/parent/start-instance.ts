import { runInThisContext } from 'node:vm';
import { hasRealTicks, now } from '../clock.js';
import { TimeoutError } from '../errors.js';
import type { AgentDescription, InstanceDescription, LoadRequest } from '../protocol.js';
import type { CallSite } from '../session/calls/call-site.js';
import { isOwnTimeout } from '../session/calls/open-call.js';
import type { Session } from '../session/session.js';
import { checkDescription } from './description.js';

export interface InstanceStart {
  /** Called while the worker starts. */
  makeRequest(): LoadRequest;
  constructorArgs: readonly unknown[];
  /** ms. `Infinity` means no limit. */
  startTimeout: number;
  site: CallSite;
  /** Called when the class is loaded, or could not be. */
  onLoaded?: (() => void) | undefined;
}

/** Makes the other side load the class and construct the instance, with one time limit for both. */
export async function startInstance(session: Session, start: InstanceStart): Promise<InstanceDescription> {
  const { makeRequest, constructorArgs, startTimeout, site, onLoaded } = start;
  const begun = now();
  const ask = (method: string, args: readonly unknown[]): Promise<unknown> => {
    // Never 0, which would mean no limit.
    const timeout = Math.max(startTimeout - (now() - begun), 1);
    return session.call('agent', method, args, { timeout, site });
  };
  try {
    const imported = ask('import', [makeRequest()]);
    const construct = (): Promise<unknown> => ask('constructor', constructorArgs);
    // The module may register transfer handlers for the constructor's arguments. With primitives only, both requests go at once.
    const constructed = constructorArgs.every(isPrimitive) ? construct() : undefined;
    constructed?.catch(() => {});
    const agent = (await imported.finally(onLoaded)) as AgentDescription | undefined;
    if (agent?.batches === true) session.enableBatches();
    return checkDescription(await (constructed ?? construct()));
  } catch (error) {
    throw isOwnTimeout(error) ? startTimeoutError(startTimeout) : error;
  }
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function startTimeoutError(timeout: number): TimeoutError {
  return new TimeoutError(
    'constructor',
    timeout,
    `The child did not start, import the module and construct the instance within ${timeout} ms. ${startRemedy()}`,
  );
}

function startRemedy(): string {
  // The `process` that Node's own modules use: Jest fakes only a copy of it.
  if (hasRealTicks(runInThisContext('process') as NodeJS.Process)) return 'Raise `startTimeout`.';
  return "`process.nextTick` is faked, but Node needs it to deliver messages. Leave it out when you fake the clock: install({ toNotFake: ['nextTick'] }).";
}
