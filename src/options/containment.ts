import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fieldsOf, type GivenFields } from './fields.js';
import { isUrl } from '../realm.js';
import { isString } from '../field-checks.js';
import { delay, flag, kind, mustBe, whole, type Kind } from './kind.js';
import { option } from './option.js';

const places = kind<true | readonly (string | URL)[]>(
  'true, or an array of absolute paths and file: URLs without an asterisk',
  (value) => value === true || (Array.isArray(value) && value.every(isPlace)),
);

/** Whether it can be a place. Refuses asterisks, which are wildcards in Node's flags. */
function isPlace(place: unknown): boolean {
  if (!isUrl(place) && !isString(place)) return false;
  const path = String(place);
  if (path.includes('*')) return false;
  if (!isUrl(place) && !path.startsWith('file:')) return isAbsolute(path);
  try {
    return fileURLToPath(path) !== '';
  } catch {
    return false;
  }
}

const permissionFields = {
  /**
   * Files that may be read, and directories with everything in them: absolute paths or `file:` URLs, or `true` for all. A directory
   * that does not exist yet must end with a slash. Name the class's module and what it imports. The agent's own files can always be
   * read.
   * @default none
   */
  read: places,
  /**
   * Files and directories that may be written, named in the same way.
   * @default none
   */
  write: places,
  /** Whether it may start processes, which do not have these limits. @default false */
  childProcess: flag,
  /** Whether it may start worker threads. Deno always allows them, with the permissions of their process. @default false */
  worker: flag,
  /** Whether it may load native addons. @default false */
  addons: flag,
  /** Whether it may use the network. `false` needs Node 25 or later, or Deno. @default true */
  network: flag,
};

/**
 * What a child may do. Everything else that the permission model covers is refused.
 *
 * @example
 * ```ts
 * const permissions: Permissions = { read: ['/srv/plugins'] };
 * const plugin = await procxy(Primes, { permissions });
 * ```
 */
export interface Permissions extends GivenFields<typeof permissionFields> {}

const limitFields = {
  /** The limit of the main heap, in MiB. Beyond it, V8 ends the process. */
  maxOldGenerationSizeMb: whole(1, 'MiB'),
  /** The limit of the heap for new objects, in MiB. */
  maxYoungGenerationSizeMb: whole(1, 'MiB'),
};

/**
 * Limits of V8's heap, named as in `node:worker_threads`. Memory outside the heap, such as the bytes of a Buffer, does not count.
 *
 * @example
 * ```ts
 * const resourceLimits: ResourceLimits = { maxOldGenerationSizeMb: 512 };
 * const primes = await procxy(Primes, { resourceLimits });
 * ```
 */
export interface ResourceLimits extends GivenFields<typeof limitFields> {}

const heartbeatFields = {
  /**
   * ms between two signs of life.
   * @default 1000, or a quarter of `limit` where that is less
   */
  interval: delay(1),
  /**
   * ms without a sign of life after which the child counts as blocked. At least twice `interval`.
   * @default 5000
   */
  limit: delay(1),
  /**
   * What happens when the child is blocked. `'warn'`: a process warning with the code `PROCXY_BLOCKED`. `'terminate'`: the child is
   * killed, and open calls reject with a {@link ChildCrashedError}. A function: it is called once each time that the child blocks,
   * with the ms since the last sign of life.
   * @default 'warn'
   */
  onBlocked: kind<'warn' | 'terminate' | ((blockedFor: number) => void)>(
    "'warn', 'terminate' or a function",
    (value) => value === 'warn' || value === 'terminate' || typeof value === 'function',
  ),
};

/**
 * How often a child shows that its event loop is not blocked, and what happens if it is.
 *
 * @example
 * ```ts
 * const heartbeat: Heartbeat = { interval: 1000, limit: 5000, onBlocked: 'terminate' };
 * const primes = await procxy(Primes, { heartbeat });
 * ```
 */
export interface Heartbeat extends GivenFields<typeof heartbeatFields> {}

export type ResolvedHeartbeat = { [K in keyof Required<Heartbeat>]: Exclude<Heartbeat[K], undefined> };

const heartbeat: Kind<Heartbeat, ResolvedHeartbeat> = {
  check(value, path) {
    const problem = fieldsOf(heartbeatFields).check(value, path);
    if (problem !== undefined) return problem;
    const { limit, interval } = withDefaults(value as Heartbeat);
    const expected = `twice \`${path}.interval\` (${interval} ms) or more`;
    return limit < 2 * interval ? mustBe(`${path}.limit`, expected, limit) : undefined;
  },
  read: withDefaults,
};

function withDefaults({
  limit = 5000,
  interval = Math.min(1000, limit / 4),
  onBlocked = 'warn',
}: Heartbeat): ResolvedHeartbeat {
  return { interval, limit, onBlocked };
}

export const containmentOptions = {
  /**
   * Turns on the permission model of Node or Deno in the child. The child may do only what is named here, among the operations that
   * the model covers.
   * @default none
   */
  permissions: option(fieldsOf(permissionFields) as Kind<Permissions>, {
    fixedAtStart: true,
    remedy: "For example: { permissions: { read: ['/srv/app/'] } }.",
  }),
  /**
   * How large the child's heap may become.
   * @default V8's
   */
  resourceLimits: option(fieldsOf(limitFields) as Kind<ResourceLimits>, {
    fixedAtStart: true,
    remedy: 'For example: { resourceLimits: { maxOldGenerationSizeMb: 256 } }.',
  }),
  /**
   * Detects when the child's event loop is blocked, and says what happens then. It starts when the instance is constructed.
   * @default none
   */
  heartbeat: option(heartbeat, {
    fixedAtStart: false,
    remedy: 'For example: { heartbeat: { interval: 1000, limit: 5000 } }.',
  }),
};
