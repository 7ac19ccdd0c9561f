import { availableParallelism } from 'node:os';
import { OptionsValidationError } from '../errors.js';
import { labels, version, type Labels } from '../options/host.js';
import { isPlainObject } from '../options/kind.js';
import { show } from '../options/show.js';
import { unknownName } from '../options/unknown-name.js';
import type { ProcxyOptions } from '../types/options.js';
import { readNetwork, type Lease, type NetworkOptions } from './connect-options.js';
import type { NatsAddress } from './nats.js';
import { checkPart } from './subjects.js';

/**
 * Options of `procxy()` that a host chooses for the processes of a class.
 *
 * @example
 * ```ts
 * const options: ClassOptions = { env: { MODE: 'fast' }, resourceLimits: { maxOldGenerationSizeMb: 512 } };
 * await serve({ namespace: 'shop', classes: { Primes: { module: './primes.js', options } } });
 * ```
 */
export type ClassOptions = Pick<
  ProcxyOptions,
  | 'args'
  | 'create'
  | 'cwd'
  | 'env'
  | 'execArgv'
  | 'execPath'
  | 'gid'
  | 'inheritEnv'
  | 'killSignal'
  | 'permissions'
  | 'resourceLimits'
  | 'uid'
>;

const classOptionNames: readonly (keyof ClassOptions)[] = [
  'args',
  'create',
  'cwd',
  'env',
  'execArgv',
  'execPath',
  'gid',
  'inheritEnv',
  'killSignal',
  'permissions',
  'resourceLimits',
  'uid',
];

/**
 * A class that clients may run.
 *
 * @example
 * ```ts
 * const served: ServedClass = { module: './primes.js', version: '1.2.0' };
 * await serve({ namespace: 'shop', classes: { Primes: served } });
 * ```
 */
export interface ServedClass {
  /** The module that exports it: relative to the file that calls `serve()`, absolute, a `file:` URL, or a package's name. */
  module: string | URL;
  /**
   * The export that is the class.
   * @default the name of the class
   */
  exportName?: string | undefined;
  /** Its version. Clients that ask for a version get it where this one is compatible: `^` of npm. */
  version?: string | undefined;
  /**
   * How its processes are started. Their environment is only `env`, unless `inheritEnv` is true: the host's credentials stay its own.
   */
  options?: ClassOptions | undefined;
}

/**
 * How many instances a host runs.
 *
 * @example
 * ```ts
 * const limits: Limits = { instances: 32, perClient: 8, startsPerSecond: 20 };
 * await serve({ namespace: 'shop', limits, classes: { Primes: { module: './primes.js' } } });
 * ```
 */
export interface Limits {
  /**
   * How many instances may run at a time.
   * @default four for each core
   */
  instances: number;
  /**
   * How many of them may be of one client.
   * @default all
   */
  perClient: number;
  /**
   * How many instances a client may start in a second, on average. After a pause, it may start `perClient` at once if that is more.
   * @default 50
   */
  startsPerSecond: number;
}

/**
 * The options of `serve()`.
 *
 * @example
 * ```ts
 * const options: ServeOptions = {
 *   namespace: 'shop',
 *   classes: { Primes: { module: './primes.js' } },
 *   authorize: (client) => client === 'web',
 * };
 * await serve(options);
 * ```
 */
export interface ServeOptions extends NetworkOptions {
  /** The classes that clients may run, by the names under which they ask for them. Nothing else runs here. */
  classes: Readonly<Record<string, ServedClass>>;
  /** What describes this host, for `where` of clients. */
  labels?: Labels | undefined;
  /** How many instances may run, and be started. */
  limits?: Partial<Limits> | undefined;
  /**
   * Says whether a client may make an instance. It is asked before the constructor runs. `args` are the constructor's arguments as
   * they travel: plain data, and descriptions of functions, streams and the like.
   * @default every client that NATS admits may
   */
  authorize?: ((client: string, className: string, args: readonly unknown[]) => boolean | Promise<boolean>) | undefined;
  /**
   * Whether clients get the last 4 KiB of stderr of a process that has crashed.
   * @default false
   */
  exposeStderr?: boolean | undefined;
  /**
   * Called with each line that a process prints, with its class and its process id.
   * @default prints it on stderr
   */
  log?: ((line: string) => void) | undefined;
}

const STARTS_PER_SECOND = 50;

export interface ResolvedServe extends NatsAddress {
  namespace: string;
  lease: Lease;
  classes: ReadonlyMap<string, ServedClass>;
  labels: Labels;
  limits: Limits;
  authorize: ServeOptions['authorize'];
  exposeStderr: boolean;
  log(line: string): void;
}

/** @throws {OptionsValidationError} */
export function readServeOptions(options: ServeOptions): ResolvedServe {
  const network = readNetwork('serve', options, ['classes', 'labels', 'limits', 'authorize', 'exposeStderr', 'log']);
  const { classes, limits, authorize, exposeStderr = false, log = printLine } = options;
  const problem = options.labels === undefined ? undefined : labels.check(options.labels, 'labels');
  if (problem !== undefined) throw new OptionsValidationError(`${problem} For example: { labels: { gpu: true } }.`);
  return {
    ...network,
    classes: readClasses(classes),
    labels: options.labels ?? {},
    limits: readLimits(limits ?? {}),
    authorize: readFunction('authorize', authorize),
    exposeStderr,
    log: readFunction('log', log) ?? printLine,
  };
}

function readClasses(classes: ServeOptions['classes']): ReadonlyMap<string, ServedClass> {
  if (!isPlainObject(classes) || Object.keys(classes).length === 0) {
    throw new OptionsValidationError(
      `The option \`classes\` must be an object with the classes that may run, but got ${show(classes)}. For example: { classes: { Renderer: { module: './renderer.js' } } }.`,
    );
  }
  for (const [name, served] of Object.entries(classes)) {
    const path = `classes.${name}`;
    checkPart(`\`${path}\``, name);
    if (!isPlainObject(served) || served.module === undefined) {
      throw new OptionsValidationError(
        `The option \`${path}\` must name the module of the class: { module: './renderer.js' }.`,
      );
    }
    refuseUnknown(path, served, ['module', 'exportName', 'version', 'options']);
    refuseUnknown(`${path}.options`, served.options ?? {}, classOptionNames);
    const problem = served.version === undefined ? undefined : version.check(served.version, `${path}.version`);
    if (problem !== undefined) throw new OptionsValidationError(problem);
  }
  return new Map(Object.entries(classes));
}

function refuseUnknown(path: string, given: object, known: readonly string[]): void {
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw new OptionsValidationError(
    unknownName(
      `${path}.${strange}`,
      known.map((name) => `${path}.${name}`),
    ),
  );
}

function readLimits(given: Partial<Limits>): Limits {
  const { instances = 4 * availableParallelism(), perClient = instances, startsPerSecond = STARTS_PER_SECOND } = given;
  refuseUnknown('limits', given, ['instances', 'perClient', 'startsPerSecond']);
  const limits: Limits = { instances, perClient, startsPerSecond };
  for (const [name, value] of Object.entries({ instances, perClient })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new OptionsValidationError(
      `The option \`limits.${name}\` must be a whole number, 1 or more, but got ${show(value)}.`,
    );
  }
  if (!(Number.isFinite(startsPerSecond) && startsPerSecond > 0)) {
    throw new OptionsValidationError(
      `The option \`limits.startsPerSecond\` must be a number above 0, but got ${show(startsPerSecond)}.`,
    );
  }
  return limits;
}

function readFunction<F>(name: string, given: F): F {
  if (given === undefined || typeof given === 'function') return given;
  throw new OptionsValidationError(`The option \`${name}\` must be a function, but got ${show(given)}.`);
}

function printLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
