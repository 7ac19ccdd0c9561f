import { MAX_DELAY } from '../../clock.js';
import { isProcxiable } from '../../codec/validate.js';
import { isPlain } from '../../codec/walk.js';
import { OptionsValidationError } from '../../errors.js';
import type { MirrorRequest } from '../../protocol.js';
import type { Heartbeat } from '../../types/heartbeat.js';
import type { ProcxyOptions } from '../../types/options.js';
import type { SerializationMode } from '../../types/serializable.js';
import { checkFields, type Fields, heartbeat, permissions, resourceLimits } from './object-options.js';
import { chooseChannel, type Runtime } from '../launch/runtime.js';

/** How functions cross. */
export interface CallbackLimits {
  /** How many functions one side may export at a time. */
  limit: number;
  /** ms that the caller of a function waits; `Infinity` for no limit. */
  timeout: number;
}

export type ResolvedHeartbeat = { [K in keyof Required<Heartbeat>]: Exclude<Heartbeat[K], undefined> };

/** Options with every default filled in. `undefined` is left only where it means something. */
export interface ResolvedOptions {
  modulePath: string | URL | undefined;
  serialization: SerializationMode;
  sanitizeV8: boolean;
  supportHandles: boolean;
  /** `undefined` where functions do not cross. */
  callbacks: CallbackLimits | undefined;
  /** ms; `Infinity` for none. */
  timeout: number;
  retries: number;
  /** ms; `Infinity` for none. */
  startTimeout: number;
  mirror: MirrorRequest;
  /** µs. */
  busyPoll: number;
  /** ms. */
  terminateTimeout: number;
  env: ProcxyOptions['env'];
  inheritEnv: boolean;
  permissions: ProcxyOptions['permissions'];
  resourceLimits: ProcxyOptions['resourceLimits'];
  heartbeat: ResolvedHeartbeat | undefined;
  cwd: ProcxyOptions['cwd'];
  args: NonNullable<ProcxyOptions['args']>;
  execPath: string | undefined;
  runtime: Runtime;
  channel: NonNullable<ProcxyOptions['channel']>;
  /** A program in place of the class's module. */
  agent: string | URL | undefined;
  execArgv: readonly string[] | undefined;
  stdio: NonNullable<ProcxyOptions['stdio']>;
  signal: AbortSignal | undefined;
}

/** What `procxy()` was given after the class, told apart by position. */
export interface Arguments {
  options: ResolvedOptions;
  constructorArgs: readonly unknown[];
}

/** Returns what the value must be, where it is not. */
type Check = (value: unknown) => string | undefined;

const stdioNames = new Set<unknown>(['inherit', 'pipe', 'ignore', 'overlapped']);

const checks: { [K in keyof Required<ProcxyOptions>]: Check } = {
  modulePath: (value) => expect(isModulePath(value), 'a path, a file: URL or the name of a package'),
  serialization: (value) => expect(value === 'json' || value === 'advanced', "'json' or 'advanced'"),
  supportHandles: (value) => expect(typeof value === 'boolean', 'true or false'),
  sanitizeV8: (value) => expect(typeof value === 'boolean', 'true or false'),
  enableCallbacks: (value) => expect(typeof value === 'boolean', 'true or false'),
  maxCallbacks: (value) => expect(Number.isInteger(value) && (value as number) > 0, 'a whole number of 1 or more'),
  callbackTimeout: isMilliseconds,
  timeout: isMilliseconds,
  retries: (value) => expect(Number.isInteger(value) && (value as number) >= 0, 'a whole number of 0 or more'),
  startTimeout: isMilliseconds,
  mirror: (value) => expect(typeof value === 'boolean' || isNames(value), 'true, false or an array of property names'),
  mirrorLimit: (value) => expect(Number.isInteger(value) && (value as number) >= 0, 'a whole number of bytes'),
  busyPoll: (value) =>
    expect(typeof value === 'number' && value >= 0 && value <= 1e6, 'a number of µs from 0 to 1000000'),
  terminateTimeout: (value) =>
    isMilliseconds(value) ?? expect((value as number) <= MAX_DELAY, `a number of milliseconds up to ${MAX_DELAY}`),
  env: (value) => expect(isPlainObject(value), 'an object of strings') ?? checkEnv(value as Record<string, unknown>),
  inheritEnv: (value) => expect(typeof value === 'boolean', 'true or false'),
  permissions: (value) => expectFields('permissions', permissions, value),
  resourceLimits: (value) => expectFields('resourceLimits', resourceLimits, value),
  heartbeat: (value) => expectFields('heartbeat', heartbeat, value),
  cwd: (value) => expect(typeof value === 'string' || value instanceof URL, 'a path or a file: URL'),
  args: (value) => expect(Array.isArray(value), 'an array') ?? checkArgs(value as unknown[]),
  execPath: (value) => expect(typeof value === 'string' && value !== '', 'the path of an executable'),
  execArgv: (value) => expect(isNames(value), 'an array of strings'),
  channel: (value) => expect(value === 'ipc' || value === 'socket', "'ipc' or 'socket'"),
  agent: (value) => expect(isModulePath(value), 'a path or a file: URL'),
  stdio: (value) =>
    expect(
      Array.isArray(value) || stdioNames.has(value),
      "'inherit', 'pipe', 'ignore', 'overlapped' or an array as fork has it",
    ),
  signal: (value) => expect(value instanceof AbortSignal, 'an AbortSignal'),
};

/**
 * Position decides what an argument means: a string, a URL or `undefined` is the module, the plain object or
 * `undefined` after it the options, and the rest are the constructor's. Nothing is guessed from the content.
 * @throws {OptionsValidationError}
 */
export function readArguments(args: readonly unknown[]): Arguments {
  let rest = args;
  let modulePath: string | URL | undefined;
  let given: unknown;
  if (isModulePath(rest[0]) || rest[0] === undefined) {
    modulePath = rest[0];
    rest = rest.slice(1);
  }
  if (isPlainObject(rest[0]) || rest[0] === undefined) {
    given = rest[0];
    rest = rest.slice(1);
  }
  return { options: resolveOptions((given ?? {}) as Record<string, unknown>, modulePath), constructorArgs: rest };
}

/** @throws {OptionsValidationError} */
export function checkOptions(given: object, known: readonly string[], hint: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw unknownOption(name, known, hint);
    if (value === undefined) continue;
    const expected = checks[name as keyof typeof checks](value);
    if (expected !== undefined) {
      throw new OptionsValidationError(`The option \`${name}\` must be ${expected}; it is ${show(value)}.`);
    }
  }
}

function resolveOptions(given: Record<string, unknown>, modulePath: string | URL | undefined): ResolvedOptions {
  checkOptions(
    given,
    Object.keys(checks),
    'Constructor arguments go after the options: procxy(Class, {}, ...constructorArgs).',
  );
  const options = given as ProcxyOptions;
  if (
    modulePath !== undefined &&
    options.modulePath !== undefined &&
    String(modulePath) !== String(options.modulePath)
  ) {
    throw new OptionsValidationError(
      `The module is given twice: ${show(modulePath)} as an argument, ${show(options.modulePath)} as an option. Leave one out.`,
    );
  }
  if (options.agent !== undefined && (modulePath ?? options.modulePath) !== undefined) {
    throw new OptionsValidationError(
      'Both a module and the option `agent` are given: an agent has the class itself. Leave one of the two out.',
    );
  }
  if (options.sanitizeV8 && options.serialization !== 'advanced') {
    throw new OptionsValidationError("The option `sanitizeV8` is for { serialization: 'advanced' } only.");
  }
  return {
    modulePath: modulePath ?? options.modulePath,
    serialization: options.serialization ?? 'json',
    sanitizeV8: options.sanitizeV8 ?? false,
    supportHandles: options.supportHandles ?? false,
    callbacks: options.enableCallbacks ? callbackLimits(options) : undefined,
    timeout: unlimited(options.timeout ?? 30_000),
    retries: options.retries ?? 0,
    startTimeout: unlimited(options.startTimeout ?? 30_000),
    mirror: mirrorRequest(options.mirror ?? true, options.mirrorLimit ?? 16 * 1024),
    busyPoll: options.busyPoll ?? 0,
    terminateTimeout: options.terminateTimeout ?? 5_000,
    env: options.env,
    inheritEnv: options.inheritEnv ?? true,
    permissions: options.permissions,
    resourceLimits: options.resourceLimits,
    heartbeat: options.heartbeat && heartbeatOf(options.heartbeat),
    cwd: options.cwd,
    args: options.args ?? [],
    execPath: options.execPath,
    ...chooseChannel(options),
    agent: options.agent,
    execArgv: options.execArgv,
    stdio: options.stdio ?? 'inherit',
    signal: options.signal,
  };
}

function callbackLimits({ maxCallbacks = 1000, callbackTimeout = 30_000 }: ProcxyOptions): CallbackLimits {
  return { limit: maxCallbacks, timeout: unlimited(callbackTimeout) };
}

function heartbeatOf({
  limit = 5000,
  interval = Math.min(1000, limit / 4),
  onBlocked = 'warn',
}: Heartbeat): ResolvedHeartbeat {
  if (limit < 2 * interval) {
    throw new OptionsValidationError(
      `\`heartbeat.limit\` must be twice \`heartbeat.interval\` or more, or a child that is well counts as blocked; they are ${limit} and ${interval} ms.`,
    );
  }
  return { interval, limit, onBlocked };
}

function mirrorRequest(mirror: boolean | readonly string[], limit: number): MirrorRequest {
  if (typeof mirror === 'boolean') return { names: mirror ? 'own' : 'none', limit };
  return { names: [...mirror], limit };
}

/** `0` means no limit, as in most of Node. */
export function unlimited(timeout: number): number {
  return timeout === 0 ? Infinity : timeout;
}

function unknownOption(name: string, known: readonly string[], hint: string): OptionsValidationError {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const suggestion =
    near && near.distance <= 3 ? `did you mean \`${near.candidate}\`?` : `known are ${known.join(', ')}.`;
  return new OptionsValidationError(`There is no option \`${name}\`; ${suggestion} ${hint}`);
}

/** Levenshtein's, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function expect(holds: boolean, expected: string): string | undefined {
  return holds ? undefined : expected;
}

function expectFields<T>(name: string, fields: Fields<T>, value: unknown): string | undefined {
  return expect(isPlainObject(value), 'an object') ?? checkFields(name, fields, value as object);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isModulePath(value: unknown): value is string | URL {
  return isString(value) || value instanceof URL;
}

function isMilliseconds(value: unknown): string | undefined {
  return expect(typeof value === 'number' && value >= 0, 'a number of milliseconds, 0 or more');
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value);
}

function checkEnv(env: Record<string, unknown>): string | undefined {
  const wrong = Object.entries(env).find(([, value]) => value !== undefined && !isString(value));
  return wrong && `an object of strings, and \`env.${wrong[0]}\` is ${show(wrong[1])}`;
}

function checkArgs(args: unknown[]): string | undefined {
  for (const [index, value] of args.entries()) {
    if (!isProcxiable(value, 'json'))
      return `an array of what JSON can express, and \`args[${index}]\` is ${show(value)}`;
  }
  return undefined;
}

/** How a value stands in `process.argv`. */
export function toArgument(value: unknown): string {
  return isString(value) ? value : (JSON.stringify(value) ?? 'null');
}

function show(value: unknown): string {
  if (isString(value)) return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof URL) return value.href;
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
