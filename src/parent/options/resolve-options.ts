import { OptionsValidationError } from '../../errors.js';
import { refuseHostsOwn } from './hosts-own.js';
import { show } from '../../options/show.js';
import type { Resolved, Table } from '../../options/option.js';
import { optionTable } from '../../options/table.js';
import type { MirrorRequest } from '../../protocol.js';
import { chooseChannel, type Runtime } from '../launch/runtime.js';
import { checkOptions } from './check-options.js';

type Values = Resolved<typeof optionTable>;

/** How functions cross. */
export interface CallbackLimits {
  /** How many functions one side may export at a time. */
  limit: number;
  /** ms that the caller of a function waits. `Infinity` means no limit. */
  timeout: number;
}

/** How objects go by reference. */
export interface ReferenceLimits {
  /** How many objects one side may export at a time. */
  limit: number;
  /** Whether the child sends each object with methods so, and not only those that are marked. */
  isAutomatic: boolean;
  /** ms that the child waits for the result of a lent object's method; `Infinity` for no limit. */
  timeout: number;
}

/** Options with all defaults filled in. `undefined` remains only where it has a meaning. */
export interface ResolvedOptions extends Omit<Values, 'channel'> {
  /** `undefined` if functions do not cross. */
  callbacks: CallbackLimits | undefined;
  references: ReferenceLimits;
  mirrorRequest: MirrorRequest;
  runtime: Runtime;
  channel: NonNullable<Values['channel']>;
}

/** What a function that makes proxies takes besides the options of `procxy()`. */
export interface FurtherOptions<T extends Table> {
  /** How messages name the function. */
  caller: string;
  /** An option of `procxy()` that is here too has the meaning that it has here. */
  table: T;
}

/** @throws {OptionsValidationError} */
export function resolveOptions<T extends Table = Record<never, never>>(
  given: object,
  modulePath: string | URL | undefined,
  further?: FurtherOptions<T>,
): ResolvedOptions & Resolved<T> {
  const { caller = 'procxy', table } = further ?? {};
  const known = { ...optionTable, ...table };
  checkOptions(given, known, `Constructor arguments go after the options: ${caller}(Class, {}, ...constructorArgs).`);
  const options = readAll(known, given) as Values & Resolved<T>;
  checkModule(modulePath, options);
  if (options.agent !== undefined && options.agentPath !== undefined) {
    throw new OptionsValidationError(
      'The option `agentPath` cannot be combined with `agent`, which is another program. Leave one of the two out.',
    );
  }
  if (options.host) refuseHostsOwn({ ...given, ...(modulePath !== undefined && { modulePath }) });
  if (options.sanitizeV8 && options.serialization !== 'advanced') {
    throw new OptionsValidationError(
      "The option `sanitizeV8` needs { serialization: 'advanced' }. Set it too, or leave `sanitizeV8` out.",
    );
  }
  return {
    ...options,
    modulePath: modulePath ?? options.modulePath,
    callbacks: options.enableCallbacks ? { limit: options.maxCallbacks, timeout: options.callbackTimeout } : undefined,
    references: {
      limit: options.maxReferences,
      isAutomatic: options.enableReferences,
      timeout: options.callbackTimeout,
    },
    mirrorRequest: mirrorRequest(options),
    ...chooseChannel(given),
  };
}

/** Reads the values of options that were checked. */
function readAll<T extends Table>(table: T, given: { readonly [K in keyof T]?: unknown }): Resolved<T> {
  const entries = Object.entries(table).map(([name, entry]) => {
    const value = given[name];
    return [name, value === undefined ? entry.default : entry.kind.read(value as never)];
  });
  return Object.fromEntries(entries) as Resolved<T>;
}

function checkModule(modulePath: string | URL | undefined, options: Values): void {
  const named = options.modulePath;
  if (modulePath !== undefined && named !== undefined && String(modulePath) !== String(named)) {
    throw new OptionsValidationError(
      `The module is given twice: ${show(modulePath)} as an argument, ${show(named)} as an option. Leave one out.`,
    );
  }
  if (options.agent !== undefined && (modulePath ?? named) !== undefined) {
    throw new OptionsValidationError(
      'The option `agent` cannot be combined with a module, since the agent has the class itself. Leave one of the two out.',
    );
  }
}

function mirrorRequest({ mirror, mirrorLimit: limit }: Values): MirrorRequest {
  if (typeof mirror === 'boolean') return { names: mirror ? 'own' : 'none', limit };
  return { names: [...mirror], limit };
}
