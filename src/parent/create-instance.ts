import { pathToFileURL } from 'node:url';
import { sanitizeForClone } from '../codec/sanitize.js';
import { describeReason, ModuleResolutionError, OptionsValidationError } from '../errors.js';
import { isLoading } from '../loading-mark.js';
import type { ClassReference, InstanceDescription, ModuleReference } from '../protocol.js';
import { captureCallSite } from '../session/calls/call-site.js';
import type { SerializationMode } from '../types/serializable.js';
import { callerUrl } from './caller.js';
import type { InstanceRequest } from './connection.js';
import { resolveAgent, resolveModule } from './module-resolver.js';
import { readArguments } from './options/read-arguments.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { createProxy } from './proxy.js';
import { prepare, refillSpares, takeSpare } from './spares.js';
import { traceStart } from './tracing.js';
import type { Worker } from './worker.js';

type AnyClass = new (...args: unknown[]) => object;

export interface Creation {
  Class: unknown;
  /** The arguments after the class. */
  args: readonly unknown[];
  /** The function that the user called: the frame above it is the call site. */
  boundary: (...args: never[]) => unknown;
  /** Makes the worker for `{ inProcess: true }`. It has both sides, of which this folder knows one. */
  startInProcess(Class: AnyClass, mode: SerializationMode): Worker;
}

/** Makes an instance where the options say, and the proxy for it. */
export async function createInstance({ Class, args, boundary, startInProcess }: Creation): Promise<unknown> {
  const site = captureCallSite(boundary);
  const caller = callerUrl(boundary);
  const type = checkClass(Class);
  const reference: ClassReference = {
    name: typeof type.name === 'string' ? type.name : '',
    source: Function.prototype.toString.call(type),
  };
  refuseRecursion(reference);
  const { options, ...given } = readArguments(args);
  if (options.agent !== undefined && !options.inProcess) options.agent = resolveAgent(options.agent, caller);
  const constructorArgs = options.sanitizeV8
    ? given.constructorArgs.map((value) => sanitizeForClone(value, options.callbacks !== undefined))
    : given.constructorArgs;
  options.signal?.throwIfAborted();

  // A child starts up while its module is looked for here.
  const { connection, self } = options.inProcess
    ? prepare(options, startInProcess(type, options.serialization))
    : (takeSpare(options) ?? prepare(options));
  const { startTimeout, signal, heartbeat } = options;
  // An event loop that is shared is awake already.
  const busyPoll = options.inProcess ? 0 : options.busyPoll;
  const makeRequest = (): InstanceRequest => ({
    protocol: 1,
    module: findModule(type, options, caller),
    class: reference,
    serialization: options.serialization,
    supportHandles: options.supportHandles,
    mirror: options.mirrorRequest,
    terminateTimeout: options.terminateTimeout,
    ...(busyPoll > 0 && { busyPoll }),
    ...(heartbeat && { heartbeat: heartbeat.interval }),
  });
  const className = reference.name;
  const instance = { makeRequest, constructorArgs, startTimeout, signal, site, busyPoll, heartbeat, className };
  const start = (): Promise<InstanceDescription> => connection.start(instance);
  const context = { className, pid: connection.worker.pid };
  const description = await traceStart(context, start).finally(refillSpares);
  const proxy = createProxy({ connection, description, options, type });
  self.current = proxy;
  return proxy;
}

function findModule(type: AnyClass, options: ResolvedOptions, caller: string | undefined): ModuleReference {
  // The class is at hand, and nothing is imported.
  if (options.inProcess) return { url: 'procxy:in-process' };
  if (options.agent !== undefined) return { url: pathToFileURL(String(options.agent)).href };
  return resolveModule(type, options.modulePath, caller);
}

function checkClass(candidate: unknown): AnyClass {
  try {
    // Only a constructor can be the third argument; nothing is run.
    Reflect.construct(Object, [], candidate as AnyClass);
    return candidate as AnyClass;
  } catch {
    throw new OptionsValidationError(
      `The first argument of procxy() must be a class; it is ${typeof candidate === 'function' ? 'a function that is none' : describeReason(candidate)}. Call procxy(Class, './module.js').`,
    );
  }
}

function refuseRecursion(reference: ClassReference): void {
  if (!isLoading(reference)) return;
  throw new ModuleResolutionError(
    `This child is just loading the module of ${reference.name || 'an anonymous class'}, which asks for a proxy of that same class: every child would ` +
      'start another. Move the class into a module of its own, which does not call procxy() when it is loaded.',
  );
}
