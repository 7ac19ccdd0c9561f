import { pathToFileURL } from 'node:url';
import type { Class } from '../classes.js';
import { sanitizeForClone } from '../codec/sanitize.js';
import { OptionsValidationError } from '../errors.js';
import { instrumentation } from '../instrumentation.js';
import type { Resolved, Table } from '../options/option.js';
import type { InstanceDescription, ModuleReference } from '../protocol.js';
import { captureCallSite, type CallSite } from '../session/calls/call-site.js';
import { runInSpan } from '../session/calls/server-span.js';
import type { SerializationMode } from '../types/serializable.js';
import { callerUrl } from './caller.js';
import type { InstanceRequest } from './connection-options.js';
import { checkClass, targetClass, type TargetClass } from './given-class.js';
import { directoriesFor } from './launch/directories.js';
import { locateAgent } from './locate-agent.js';
import { readArguments } from './options/read-arguments.js';
import type { FurtherOptions, ResolvedOptions } from './options/resolve-options.js';
import { startOnHost } from './start-on-host.js';
import { prepare, refillSpares, takeSpare, type Prepared } from './spares.js';
import { traceStart } from './tracing.js';
import type { Worker } from './worker.js';

export interface Creation<T extends Table = Record<never, never>> {
  /** The class, or a reference to it. */
  Class: unknown;
  /** The arguments after the class. */
  args: readonly unknown[];
  /** The function that the user called: the frame above it is the call site. */
  boundary: (...args: never[]) => unknown;
  /** Makes the worker for `{ inProcess: true }`. It has both sides, and this folder imports only one. */
  startInProcess(Class: Class, mode: SerializationMode): Worker;
  /** Absent for `procxy()` itself. */
  further?: FurtherOptions<T>;
}

/** An instance that runs, and the way to it. */
export interface Instance extends Prepared {
  readonly description: InstanceDescription;
}

export interface InstanceStartOptions {
  constructorArgs: readonly unknown[];
  /** The last sentence of crash errors, if something replaces the instance. */
  advice?: string;
  /** The same for a call on a reference. */
  referenceAdvice?: string;
  /** Called when the class is loaded, or could not be. */
  onLoaded?: () => void;
}

/** How to make an instance: everything that the user passed, checked and read once for any number of equal instances. */
export interface InstancePlan<T extends Table = Record<never, never>> {
  readonly options: ResolvedOptions & Resolved<T>;
  readonly constructorArgs: readonly unknown[];
  readonly className: string;
  /** Finds the class that a proxy counts as an instance of, if this process has loaded it. */
  type(): Class | undefined;
  /** The place of the class. Asking V8 for it takes a while, and is done once. */
  module(): ModuleReference;
  /**
   * Starts a child, or takes one that was started ahead.
   * @param worker the place for the instance, if there is one already
   */
  prepare(worker?: Worker): Prepared;
  /** Makes the instance there. If anything fails, the worker has ended when this rejects. */
  start(prepared: Prepared, options: InstanceStartOptions): Promise<Instance>;
}

/**
 * @throws {OptionsValidationError} for an invalid argument or option
 * @throws {ModuleResolutionError} when this process is a child that is loading the class
 */
export function planInstance<T extends Table = Record<never, never>>(creation: Creation<T>): InstancePlan<T> {
  const { Class, args, boundary, startInProcess, further } = creation;
  const site = captureCallSite(boundary);
  const caller = callerUrl(boundary);
  const given = checkClass(Class, further?.caller ?? 'procxy');
  const { options, ...rest } = readArguments(args, further);
  const target = targetClass(given, options, caller);
  locateAgent(options, caller);
  const constructorArgs = options.sanitizeV8
    ? rest.constructorArgs.map((value) => sanitizeForClone(value, options.callbacks !== undefined))
    : rest.constructorArgs;
  let reference: ModuleReference | undefined;
  const module = (): ModuleReference => (reference ??= moduleOf(target, options));
  return {
    options,
    constructorArgs,
    className: target.name,
    type: target.loaded,
    module,
    prepare(worker) {
      if (worker) return prepare(options, worker);
      if (options.host) return prepare(options, startOnHost(options.host, target.name, options.serialization));
      if (!options.inProcess) return takeSpare(options) ?? prepare(options);
      return prepare(options, startInProcess(classInProcess(target), options.serialization));
    },
    start: (prepared, how) => start(prepared, how, { options, target, site, module }),
  };
}

interface Known {
  options: ResolvedOptions;
  target: TargetClass;
  site: CallSite;
  module(): ModuleReference;
}

/** A child starts up while its module is looked for here. */
async function start(prepared: Prepared, given: InstanceStartOptions, known: Known): Promise<Instance> {
  const { options, target, site, module } = known;
  const { connection } = prepared;
  const { startTimeout, signal, heartbeat, create } = options;
  // An event loop that is shared is awake already.
  const busyPoll = options.inProcess ? 0 : options.busyPoll;
  const { work } = options.inProcess || options.host ? {} : directoriesFor(options);
  const className = target.name;
  const { current, childModules: preload } = instrumentation;
  const span = current?.client({ className, method: 'constructor' });
  const makeRequest = (): InstanceRequest => ({
    protocol: 1,
    module: module(),
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
    ...(span?.trace && { trace: span.trace }),
    ...(preload && !options.inProcess && { preload }),
  });
  const request = {
    ...given,
    makeRequest,
    startTimeout,
    signal,
    site,
    busyPoll,
    heartbeat,
    className,
    type: target.loaded,
    callDefaults: options,
  };
  const { worker } = connection;
  const context = { className, pid: worker.pid };
  // Only then has a host told it.
  const notePid = (): void => void (context.pid = worker.pid);
  const run = (): Promise<InstanceDescription> => traceStart(context, () => connection.start(request).finally(notePid));
  const started = span ? (runInSpan(span, run) as ReturnType<typeof run>) : run();
  const description = await started.finally(refillSpares);
  return { ...prepared, description };
}

function moduleOf(target: TargetClass, { inProcess, agent, host }: ResolvedOptions): ModuleReference {
  // The host knows where the class is.
  if (host) return { url: 'procxy:host' };
  // The class is at hand, and nothing is imported.
  if (inProcess) return { url: 'procxy:in-process' };
  return agent === undefined ? target.resolveModule() : { url: pathToFileURL(String(agent)).href };
}

function classInProcess({ type, name }: TargetClass): Class {
  if (type) return type;
  throw new OptionsValidationError(
    `{ inProcess: true } needs the class itself, but got a reference to ${name} from classFrom(). Import the class and pass it.`,
  );
}
