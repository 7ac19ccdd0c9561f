import { startInProcess } from './in-process.js';
import { startPool } from './parent/fleet/start-pool.js';
import type {
  ArgumentsMayBeLeftOut,
  ClassReference,
  Constructor,
  HintOf,
  PublicArgumentsOf,
  PublicInstanceOf,
  StaticMethod,
  WholeProxy,
} from './types/creation.js';
import type { PoolOptions, PoolProxy } from './types/pool.js';
import type { ProcxyOptions } from './types/options.js';
import type { Restart } from './types/restart.js';

/** The options that were given, without unknown names. */
type Known<C extends Constructor, O> =
  | (O &
      Pick<PoolOptions, keyof O & keyof PoolOptions> & {
        readonly [K in Exclude<keyof O, keyof PoolOptions>]: never;
      })
  | PoolHint<C, O>;

type PoolHint<C extends Constructor, O = object> = HintOf<OptionsOfClass<C>, O, 'setup' | 'restart'>;

interface OptionsOfClass<C extends Constructor> extends Omit<PoolOptions, 'create' | 'restart' | 'setup'> {
  readonly create?: StaticMethod<C> | undefined;
  readonly restart?: boolean | Restart<WholeProxy<InstanceType<C>>> | undefined;
  readonly setup?: (proxy: WholeProxy<InstanceType<C>>) => unknown;
}

/** What the options say of the proxies. */
type Of<O> = O extends ProcxyOptions ? O : Omit<O, 'restart'>;

/**
 * Runs several equal instances of `Class`, each in a child process of its own, and returns a pool with their methods. A call goes to
 * an instance that is free, or waits for one.
 *
 * Arguments and options are those of `procxy()`, and the options of a pool besides.
 *
 * @param Class the class, or a reference to it that `classFrom()` made
 * @returns when the least number of instances is up
 * @throws {OptionsValidationError} for an argument or option that is not what it must be
 * @throws {ModuleResolutionError} when the module, or the class in it, is not found or cannot be loaded
 * @throws {TimeoutError} when the start of an instance takes longer than `startTimeout`
 * @throws {ChildCrashedError} when a child ends before its instance is made
 * @throws whatever the constructor, or `setup`, throws
 * @example
 * ```ts
 * await using renderers = await procxyPool(Renderer, './renderer.js', { size: 4 }, 'en');
 * const page = await renderers.render(source);
 * ```
 */
// First, so that editors ask it which options there are, whatever follows them.
export function procxyPool<C extends Constructor, const O extends PoolOptions = object>(
  Class: (C | ClassReference<C>) & ArgumentsMayBeLeftOut<PublicArgumentsOf<C, O>>,
  options?: Known<C, O>,
  ...hints: PoolHint<C>[]
): Promise<PoolProxy<PublicInstanceOf<C, O>, Of<O>>>;
export function procxyPool<C extends Constructor, const O extends PoolOptions = object>(
  Class: C | ClassReference<C>,
  modulePath: string | URL | undefined,
  options?: Known<C, O>,
  ...args: PublicArgumentsOf<C, O>
): Promise<PoolProxy<PublicInstanceOf<C, O>, Of<O>>>;
export function procxyPool<C extends Constructor, const O extends PoolOptions = object>(
  Class: C | ClassReference<C>,
  options?: Known<C, O>,
  ...args: PublicArgumentsOf<C, O>
): Promise<PoolProxy<PublicInstanceOf<C, O>, Of<O>>>;
export function procxyPool(Class: unknown, ...args: unknown[]): Promise<unknown> {
  return startPool({ Class, args, boundary: procxyPool as (...args: never[]) => unknown, startInProcess });
}
