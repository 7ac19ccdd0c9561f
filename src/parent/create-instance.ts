import { pathToFileURL } from 'node:url';
import { sanitizeForClone } from '../codec/sanitize.js';
import type { Class } from '../classes.js';
import { OptionsValidationError } from '../errors.js';
import type { InstanceDescription, ModuleReference } from '../protocol.js';
import { captureCallSite } from '../session/calls/call-site.js';
import type { SerializationMode } from '../types/serializable.js';
import { callerUrl } from './caller.js';
import type { InstanceRequest } from './connection.js';
import { directoriesFor } from './launch/directories.js';
import { checkClass, targetClass, type TargetClass } from './given-class.js';
import { resolveAgent } from './module-resolver.js';
import { readArguments } from './options/read-arguments.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { createProxy } from './proxy.js';
import { prepare, refillSpares, takeSpare } from './spares.js';
import { traceStart } from './tracing.js';
import type { Worker } from './worker.js';

export interface Creation {
  /** The class, or a reference to it. */
  Class: unknown;
  /** The arguments after the class. */
  args: readonly unknown[];
  /** The function that the user called. Its caller is the call site. */
  boundary: (...args: never[]) => unknown;
  /** Makes the worker for `{ inProcess: true }`. Passed in, since it needs both sides, and this folder is only the parent's. */
  startInProcess(Class: Class, mode: SerializationMode): Worker;
}

/** Makes an instance in the process that the options choose, and its proxy. */
export async function createInstance({ Class, args, boundary, startInProcess }: Creation): Promise<unknown> {
  const site = captureCallSite(boundary);
  const caller = callerUrl(boundary);
  const given = checkClass(Class);
  const { options, ...rest } = readArguments(args);
  const target = targetClass(given, options, caller);
  if (options.agent !== undefined && !options.inProcess) options.agent = resolveAgent(options.agent, caller);
  const constructorArgs = options.sanitizeV8
    ? rest.constructorArgs.map((value) => sanitizeForClone(value, options.callbacks !== undefined))
    : rest.constructorArgs;
  options.signal?.throwIfAborted();

  // The child starts while its module is located here.
  const { connection, self } = options.inProcess
    ? prepare(options, startInProcess(classInProcess(target), options.serialization))
    : (takeSpare(options) ?? prepare(options));
  const { startTimeout, signal, heartbeat, create } = options;
  // In process, both sides share an event loop, which is awake already.
  const busyPoll = options.inProcess ? 0 : options.busyPoll;
  const { work } = options.inProcess ? {} : directoriesFor(options);
  const makeRequest = (): InstanceRequest => ({
    protocol: 1,
    module: moduleOf(target, options),
    class: target.wanted,
    ...(create !== undefined && { create }),
    serialization: options.serialization,
    supportHandles: options.supportHandles,
    mirror: options.mirrorRequest,
    terminateTimeout: options.terminateTimeout,
    ...(options.killSignal !== 'SIGTERM' && { killSignal: options.killSignal }),
    ...(work !== undefined && { cwd: work }),
    ...(busyPoll > 0 && { busyPoll }),
    ...(heartbeat && { heartbeat: heartbeat.interval }),
  });
  const className = target.name;
  const instance = {
    makeRequest,
    constructorArgs,
    startTimeout,
    signal,
    site,
    busyPoll,
    heartbeat,
    className,
    callDefaults: options,
  };
  const start = (): Promise<InstanceDescription> => connection.start(instance);
  const context = { className, pid: connection.worker.pid };
  const description = await traceStart(context, start).finally(refillSpares);
  const proxy = createProxy({ connection, description, options, className, type: target.type });
  self.current = proxy;
  return proxy;
}

function moduleOf(target: TargetClass, { inProcess, agent }: ResolvedOptions): ModuleReference {
  // The class is already here, so nothing is imported.
  if (inProcess) return { url: 'procxy:in-process' };
  return agent === undefined ? target.resolveModule() : { url: pathToFileURL(String(agent)).href };
}

function classInProcess({ type, name }: TargetClass): Class {
  if (type) return type;
  throw new OptionsValidationError(
    `{ inProcess: true } needs the class itself, but got a reference to ${name} from classFrom(). Import the class and pass it.`,
  );
}
