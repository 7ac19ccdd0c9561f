import { startInProcess } from './in-process.js';
import { createInstance } from './parent/create-instance.js';
import { keepSpares } from './parent/spares.js';
import type {
  ArgumentsMayBeLeftOut,
  ArgumentsOf,
  ClassLike,
  ClassReference,
  Constructor,
  EarlyArgumentsOf,
  InstanceOf,
  KnownOptions,
  OptionsHint,
  PublicArgumentsOf,
  PublicInstanceOf,
} from './types/creation.js';
import type { ProcxyOptions } from './types/options.js';
import type { Procxy } from './types/procxy.js';

/**
 * Runs an instance of `Class` in its own child process, and returns a proxy that you use like the instance.
 *
 * Arguments after the class are positional: a string, a URL or `undefined` is the module, a plain object or `undefined` after it
 * is the options, and the rest are constructor arguments.
 *
 * @param Class the class, which the child imports from its module, or a reference from `classFrom()`
 * @throws {OptionsValidationError} for an invalid argument or option
 * @throws {ModuleResolutionError} if the module, or the class in it, is not found or cannot be loaded
 * @throws {TimeoutError} if the start takes longer than `startTimeout`
 * @throws {ChildCrashedError} if the child ends before the instance is constructed
 * @throws any error that the constructor throws
 * @example
 * ```ts
 * const primes = await procxy(Primes, './primes.js', { timeout: 10_000 });
 * console.log(await primes.countBelow(1_000_000)); // 78498
 * await primes.$terminate();
 * ```
 */
// First, so that editors ask it which options there are, whatever follows them.
export function procxy<C extends ClassLike, const O extends ProcxyOptions = object>(
  Class: (C | ClassReference<C>) & ArgumentsMayBeLeftOut<ArgumentsOf<C, O>>,
  options: KnownOptions<C, O> | undefined,
  ...hints: OptionsHint<C>[]
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
  ...constructorArgs: EarlyArgumentsOf<C>
): Promise<Procxy<InstanceType<C>>>;
export function procxy(Class: unknown, ...args: unknown[]): Promise<unknown> {
  return createInstance({ Class, args, boundary: procxy as (...args: never[]) => unknown, startInProcess });
}

procxy.warm = keepSpares;
