import { pathToFileURL } from 'node:url';
import { sanitizeForClone } from '../codec/sanitize.js';
import { describeReason, ModuleResolutionError, OptionsValidationError } from '../errors.js';
import { isLoading } from '../loading-mark.js';
import type { ClassReference, InstanceDescription } from '../protocol.js';
import { captureCallSite } from '../session/calls/call-site.js';
import type { ProcxyOptions } from '../types/options.js';
import type { Procxy } from '../types/procxy.js';
import { callerUrl } from './caller.js';
import type { InstanceRequest } from './connection.js';
import { resolveAgent, resolveModule } from './module-resolver.js';
import { readArguments } from './options/read-arguments.js';
import { createProxy } from './proxy.js';
import { traceStart } from './tracing.js';
import { keepSpares, prepare, refillSpares, takeSpare } from './spares.js';

/** A class whose instances can be made. */
export type Constructor<T extends object = object, A extends never[] = never[]> = new (...args: A) => T;

type Boundary = (...args: never[]) => unknown;

/** The options that were given, without unknown names. Those of `ProcxyOptions` have the comments that an editor shows. */
type Known<O> = O &
  Pick<ProcxyOptions, keyof O & keyof ProcxyOptions> & { readonly [K in Exclude<keyof O, keyof ProcxyOptions>]: never };

/**
 * Runs an instance of `Class` in a child process of its own, and returns a proxy that is used like the instance.
 *
 * What follows the class is told apart by position: a string, a URL or `undefined` is the module; the plain object or
 * `undefined` after it the options; the rest are the constructor's arguments.
 *
 * @param Class the class; the child imports it from its module
 * @throws {OptionsValidationError} for an argument or option that is not what it must be
 * @throws {ModuleResolutionError} when the module, or the class in it, is not found or cannot be loaded
 * @throws {TimeoutError} when the start takes longer than `startTimeout`
 * @throws {ChildCrashedError} when the child ends before the instance is made
 * @throws whatever the constructor throws
 */
// Without rest parameters and first, so that an editor completes the options in `procxy(Class, { … })`.
export function procxy<C extends new () => object, const O extends ProcxyOptions = object>(
  Class: C,
  options: Known<O> | undefined,
): Promise<Procxy<InstanceType<C>, O>>;
export function procxy<C extends Constructor, const O extends ProcxyOptions = object>(
  Class: C,
  modulePath: string | URL | undefined,
  options?: Known<O>,
  ...constructorArgs: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>, O>>;
export function procxy<C extends Constructor, const O extends ProcxyOptions = object>(
  Class: C,
  options: Known<O> | undefined,
  ...constructorArgs: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>, O>>;
export function procxy<C extends Constructor>(
  Class: C,
  ...constructorArgs: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>>>;
export async function procxy(Class: unknown, ...rest: unknown[]): Promise<unknown> {
  const site = captureCallSite(procxy as Boundary);
  const caller = callerUrl(procxy as Boundary);
  const type = checkClass(Class);
  const reference: ClassReference = {
    name: typeof type.name === 'string' ? type.name : '',
    source: Function.prototype.toString.call(type),
  };
  refuseRecursion(reference);
  const { options, ...given } = readArguments(rest);
  const agent = options.agent === undefined ? undefined : resolveAgent(options.agent, caller);
  options.agent = agent;
  const constructorArgs = options.sanitizeV8
    ? given.constructorArgs.map((value) => sanitizeForClone(value, options.callbacks !== undefined))
    : given.constructorArgs;
  options.signal?.throwIfAborted();

  // The child starts up while its module is looked for here.
  const { connection, self } = takeSpare(options) ?? prepare(options);
  const { startTimeout, signal, busyPoll, heartbeat } = options;
  const makeRequest = (): InstanceRequest => ({
    protocol: 1,
    module: agent === undefined ? resolveModule(type, options.modulePath, caller) : { url: pathToFileURL(agent).href },
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

procxy.warm = keepSpares;

function checkClass(candidate: unknown): Constructor {
  try {
    // Only a constructor can be the third argument; nothing is run.
    Reflect.construct(Object, [], candidate as Constructor);
    return candidate as Constructor;
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
