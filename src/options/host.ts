import { isString } from '../field-checks.js';
import { isPlainObject, kind, mustBe, name, recordOf, type Kind } from './kind.js';
import { option } from './option.js';
import { unknownName } from './unknown-name.js';

/** In the global symbol registry, so that a cluster of one entry of the package is known to the other. */
export const clusterBrand = Symbol.for('procxy.cluster');

/**
 * What describes a host, such as `{ gpu: true }`.
 *
 * @example
 * ```ts
 * const labels: Labels = { gpu: true, zone: 'a' };
 * console.log(labels);
 * ```
 */
export type Labels = Readonly<Record<string, string | number | boolean>>;

/**
 * A host, as it describes itself.
 *
 * @example
 * ```ts
 * const cluster: Cluster = await connect({ namespace: 'shop' });
 * const full = ({ instances, limit }: HostStats): boolean => instances >= limit;
 * console.log((await cluster.stats()).filter(full));
 * ```
 */
export interface HostStats {
  /** Its id, which changes with each start. */
  id: string;
  /** The name of its machine. */
  machine: string;
  /** Its process id. */
  pid: number;
  /** The version of procxy. */
  procxy: string;
  /** A draining host takes no new instances. A disconnected one looks for a server of NATS. A closed one does not. */
  state: 'running' | 'draining' | 'disconnected' | 'closed';
  /** How many instances it runs or starts. */
  instances: number;
  /** How many instances it may run. */
  limit: number;
  /** How many instances it has started so far. */
  started: number;
  /** Bytes that it keeps until clients have them. At most 1 MiB for each kind of data of an instance, and one message more. */
  kept: number;
  /** Bytes of memory of its own process. */
  rss: number;
  /** ms of the processor that its own process has used. */
  cpu: number;
  /** What describes it. */
  labels: Labels;
  /** The names of its classes, with their versions. */
  classes: Readonly<Record<string, string | undefined>>;
}

/**
 * The hosts of a namespace, as `connect()` of `procxy/remote` returns them.
 *
 * @example
 * ```ts
 * const cluster: Cluster = await connect({ namespace: 'shop' });
 * for (const { machine, instances } of await cluster.stats()) console.log(machine, instances);
 * await cluster.close();
 * ```
 */
export interface Cluster {
  /** Asks all hosts how they are. */
  stats(): Promise<HostStats[]>;
  /** Ends all instances of this process that are on these hosts, and disconnects. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The hosts that may run an instance.
 *
 * @example
 * ```ts
 * const cluster = await connect({ namespace: 'shop' });
 * const host: HostChoice = { cluster, where: { gpu: true }, version: '1.2.0' };
 * await procxy(Primes, { host });
 * ```
 */
export interface HostChoice {
  /** The hosts to choose from. */
  cluster: Cluster;
  /**
   * The name under which hosts offer the class.
   * @default the name of the class
   */
  name?: string | undefined;
  /** Labels that the host must have. */
  where?: Labels | undefined;
  /** The version of the class that is needed. The host's may be newer, but compatible: `^` of npm. */
  version?: string | undefined;
}

export type ResolvedHost = HostChoice;

export function isCluster(value: unknown): value is Cluster {
  return typeof value === 'object' && value !== null && clusterBrand in value;
}

const label = kind<string | number | boolean>('a string, a number or a boolean', (value) =>
  ['string', 'number', 'boolean'].includes(typeof value),
);

export const labels: Kind<Labels> = recordOf(label) as Kind<Labels>;

/** A version without a range: `1.2.3`, with an optional suffix. */
export const version = kind<string>(
  "a version such as '1.2.3'",
  (value) => isString(value) && /^\d+\.\d+\.\d+(?:[-+].*)?$/.test(value),
);

const choiceFields: Readonly<Record<keyof HostChoice, Kind<never, unknown>>> = {
  cluster: kind('a cluster that connect() of procxy/remote has returned', isCluster),
  name,
  where: labels,
  version,
};

const host: Kind<Cluster | HostChoice, ResolvedHost> = {
  check(value, path) {
    if (isCluster(value)) return undefined;
    if (!isPlainObject(value)) return mustBe(path, 'a cluster, or an object with one', value);
    const given: Partial<Record<string, unknown>> = { cluster: undefined, ...value };
    const known = Object.keys(choiceFields);
    const strange = Object.keys(given).find((each) => !known.includes(each));
    if (strange !== undefined)
      return unknownName(
        `${path}.${strange}`,
        known.map((each) => `${path}.${each}`),
      );
    const problems = known.map((each) =>
      given[each] === undefined && each !== 'cluster'
        ? undefined
        : choiceFields[each as keyof HostChoice].check(given[each], `${path}.${each}`),
    );
    return problems.find((problem) => problem !== undefined);
  },
  read: (value) => (isCluster(value) ? { cluster: value } : value),
};

export const hostOptions = {
  /**
   * Runs the instance on another machine: a cluster that `connect()` of `procxy/remote` has returned, or an object with one that
   * says which hosts may run it. What a host decides itself cannot be given: the module, and how the process is started.
   * @default this machine
   */
  host: option(host, {
    fixedAtStart: false,
    remedy: "For example: { host: await connect({ servers: 'nats://10.0.0.1', namespace: 'shop' }) }.",
  }),
};
