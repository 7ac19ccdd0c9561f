import { startInProcess } from './in-process.js';
import { createInstance } from './parent/create-instance.js';
import { keepSpares } from './parent/spares.js';
import type { ProcxyOptions } from './types/options.js';
import type { Procxy } from './types/procxy.js';

/** A class whose instances can be made. */
export type Constructor<T extends object = object, A extends never[] = never[]> = new (...args: A) => T;

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
export function procxy(Class: unknown, ...args: unknown[]): Promise<unknown> {
  return createInstance({ Class, args, boundary: procxy as (...args: never[]) => unknown, startInProcess });
}

procxy.warm = keepSpares;
