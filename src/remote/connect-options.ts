import { OptionsValidationError } from '../errors.js';
import { isPlainObject } from '../options/kind.js';
import { unknownName } from '../options/unknown-name.js';
import { show } from '../options/show.js';
import type { NatsAddress } from './nats.js';
import { checkPart, randomId } from './subjects.js';

/**
 * How long each end may be silent, in ms, before the other gives it up.
 *
 * @example
 * ```ts
 * const lease: Lease = { host: 5000, client: 30_000 };
 * await connect({ namespace: 'shop', lease });
 * ```
 */
export interface Lease {
  /**
   * After that, calls to a silent host reject.
   * @default 10000
   */
  host: number;
  /**
   * After that, a host ends the instances of a silent client.
   * @default 60000
   */
  client: number;
}

/**
 * What `serve()` and `connect()` have in common.
 *
 * @example
 * ```ts
 * const network: NetworkOptions = { servers: ['nats://10.0.0.1', 'nats://10.0.0.2'], namespace: 'shop' };
 * await connect(network);
 * ```
 */
export interface NetworkOptions extends NatsAddress {
  /** The name that hosts and clients share. Others do not meet, though they use the same servers. */
  namespace: string;
  /** How long each end may be silent. */
  lease?: Partial<Lease> | undefined;
}

/**
 * The options of `connect()`.
 *
 * @example
 * ```ts
 * const options: ConnectOptions = { namespace: 'shop', client: 'web' };
 * await connect(options);
 * ```
 */
export interface ConnectOptions extends NetworkOptions {
  /**
   * The id by which hosts know this client, for `authorize` and `limits.perClient`. Permissions of NATS bind a user to it. Processes
   * may share it.
   * @default a random one
   */
  client?: string | undefined;
}

const defaults: Lease = { host: 10_000, client: 60_000 };

/** @throws {OptionsValidationError} */
export function readConnectOptions(
  options: ConnectOptions,
): NatsAddress & { namespace: string; client: string; lease: Lease } {
  const network = readNetwork('connect', options, ['client']);
  return { ...network, client: checkPart('`client`', options.client ?? randomId()) };
}

/**
 * @param caller how messages name the function
 * @param further the names of its other options
 * @throws {OptionsValidationError}
 */
export function readNetwork(
  caller: string,
  options: NetworkOptions,
  further: readonly string[],
): NatsAddress & { namespace: string; lease: Lease } {
  if (!isPlainObject(options)) {
    throw new OptionsValidationError(
      `${caller}() needs an object with options, but got ${show(options)}. For example: ${caller}({ namespace: 'shop' }).`,
    );
  }
  const known = ['servers', 'nats', 'namespace', 'lease', ...further];
  const strange = Object.keys(options).find((name) => !known.includes(name));
  if (strange !== undefined) throw new OptionsValidationError(unknownName(strange, known));
  const { servers, nats, namespace, lease = {} } = options;
  if (nats !== undefined && !isPlainObject(nats)) {
    throw new OptionsValidationError(
      `The option \`nats\` must be an object with options of the client of NATS, but got ${show(nats)}. For example: { nats: { user: 'web', pass: 'secret' } }.`,
    );
  }
  const given: Lease = { ...defaults, ...lease };
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaults) || !(Number.isFinite(value) && value >= 100)) {
      throw new OptionsValidationError(
        `The option \`lease.${name}\` must be a number of milliseconds, 100 or more, but got ${show(value)}. There are \`lease.host\` and \`lease.client\`.`,
      );
    }
  }
  return { servers, nats, namespace: checkPart('`namespace`', namespace), lease: given };
}
