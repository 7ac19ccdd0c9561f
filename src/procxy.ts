import { startInProcess } from './in-process.js';
import { createInstance } from './parent/create-instance.js';
import { keepSpares } from './parent/spares.js';
import type {
  ArgumentsOf,
  ClassLike,
  ClassReference,
  CompletedOptions,
  Constructor,
  InstanceOf,
  KnownOptions,
  PublicArgumentsOf,
  PublicInstanceOf,
} from './types/creation.js';
import type { ProcxyOptions } from './types/options.js';
import type { Procxy } from './types/procxy.js';

/**
 * Runs an instance of `Class` in a child process of its own, and returns a proxy that is used like the instance.
 *
 * What follows the class is told apart by position: a string, a URL or `undefined` is the module; the plain object or
 * `undefined` after it the options; the rest are the constructor's arguments.
 *
 * @param Class the class, which the child imports from its module, or a reference to it that `classFrom()` made
 * @throws {OptionsValidationError} for an argument or option that is not what it must be
 * @throws {ModuleResolutionError} when the module, or the class in it, is not found or cannot be loaded
 * @throws {TimeoutError} when the start takes longer than `startTimeout`
 * @throws {ChildCrashedError} when the child ends before the instance is made
 * @throws whatever the constructor throws
 */
// Without rest parameters and first, so that an editor completes the options in `procxy(Class, { … })`.
export function procxy<C extends ClassLike, const O extends ProcxyOptions = object>(
  Class: (C | ClassReference<C>) & ([] extends ArgumentsOf<C, O> ? unknown : never),
  options: CompletedOptions<C, O> | undefined,
): Promise<Procxy<InstanceOf<C, O>, O>>;
export function procxy<C extends Constructor, const O extends ProcxyOptions = object>(
  Class: C | ClassReference<C>,
  modulePath: string | URL | undefined,
  options?: KnownOptions<C, O>,
  ...args: PublicArgumentsOf<C, O>
): Promise<Procxy<PublicInstanceOf<C, O>, O>>;
export function procxy<C extends Constructor, const O extends ProcxyOptions = object>(
  Class: C | ClassReference<C>,
  options: KnownOptions<C, O> | undefined,
  ...args: PublicArgumentsOf<C, O>
): Promise<Procxy<PublicInstanceOf<C, O>, O>>;
// For classes whose constructor is private or protected.
export function procxy<C extends ClassLike, const O extends ProcxyOptions & { create: string }>(
  Class: C | ClassReference<C>,
  modulePath: string | URL | undefined,
  options: KnownOptions<C, O>,
  ...args: ArgumentsOf<C, O>
): Promise<Procxy<InstanceOf<C, O>, O>>;
export function procxy<C extends ClassLike, const O extends ProcxyOptions & { create: string }>(
  Class: C | ClassReference<C>,
  options: KnownOptions<C, O>,
  ...args: ArgumentsOf<C, O>
): Promise<Procxy<InstanceOf<C, O>, O>>;
export function procxy<C extends Constructor>(
  Class: C | ClassReference<C>,
  ...constructorArgs: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>>>;
export function procxy(Class: unknown, ...args: unknown[]): Promise<unknown> {
  return createInstance({ Class, args, boundary: procxy as (...args: never[]) => unknown, startInProcess });
}

procxy.warm = keepSpares;
