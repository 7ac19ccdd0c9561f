import { inspect } from 'node:util';
import type { TransferHandler } from '../codec/transfer-handlers.js';
import { OptionsValidationError, PropertyError, TimeoutError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';
import type { CallOptions } from '../session/calls.js';
import type { CallOverrides } from '../types/options.js';
import type { Procxy } from '../types/procxy.js';
import type { Connection } from './connection.js';
import { checkOptions, unlimited, type ResolvedOptions } from './options.js';

type AnyFunction = (...args: unknown[]) => unknown;

export interface ProxySource {
  connection: Connection;
  description: InstanceDescription;
  options: Pick<ResolvedOptions, 'timeout' | 'retries'>;
  /** The class that the proxy counts as an instance of. */
  type: { readonly name: string; readonly prototype: object };
}

/** Methods that are called where nobody asked: by `await`, by `JSON.stringify`, by the comparisons of test frameworks. */
const probed = new Set(['then', 'toJSON', 'asymmetricMatch']);

/** Every proxy, with the connection behind it. */
const connections = new WeakMap<object, Connection>();

/** Whether `value` is a proxy that `procxy()` made. Reads nothing of it. */
export function isProcxy(value: unknown): value is Procxy<object> {
  return typeof value === 'object' && value !== null && connections.has(value);
}

/** Carries a proxy to its own child, as the instance there; to any other it cannot go. */
export function proxyHandler(connection: () => Connection | undefined): TransferHandler {
  return {
    name: 'self',
    canHandle: (value): value is object => connections.has(value),
    encode(value, context) {
      if (connections.get(value) === connection()) return undefined;
      return context.refuse('a proxy of an instance in another process', 'Call it here, and pass what it returns.');
    },
    decode: (_wire, _context) => undefined,
  };
}

/** The object that stands for the instance: its methods, and members of its own that start with `$`. */
export function createProxy<T>(source: ProxySource, overrides: CallOverrides = {}): Procxy<T> {
  const target = Object.create(Object.prototype, describeMembers(source, overrides)) as object;
  const proxy = new Proxy(target, traps(source.type));
  connections.set(proxy, source.connection);
  return proxy as Procxy<T>;
}

/** The target holds every member, so that most operations need no trap. */
function describeMembers(source: ProxySource, overrides: CallOverrides): PropertyDescriptorMap {
  const members: PropertyDescriptorMap = {};
  const define = (key: PropertyKey, value: unknown): void => {
    members[key] = { value, enumerable: false, configurable: true };
  };
  for (const method of source.description.methods) {
    if (!probed.has(method)) define(method, remoteMethod(source, method, overrides));
  }
  for (const [key, value] of Object.entries(controls(source, overrides))) define(key, value);
  const { connection, type } = source;
  define(Symbol.dispose, () => void connection.terminate());
  define(Symbol.asyncDispose, () => connection.terminate());
  define(inspect.custom, () => `Procxy<${type.name || 'anonymous'}> ${describeState(connection)}`);
  define(Symbol.toStringTag, 'Procxy');
  define('constructor', type);
  return members;
}

function controls(source: ProxySource, overrides: CallOverrides): object {
  const { connection, options } = source;
  const perCall = (boundary: AnyFunction): CallOptions => callOptions(options, overrides, boundary);
  const $get: AnyFunction = (name) => connection.get(String(name), perCall($get));
  const $stats: AnyFunction = () => connection.stats(perCall($stats));
  return {
    $terminate: () => connection.terminate(),
    $process: connection.agent.process,
    $exited: connection.exited,
    $with: (given: CallOverrides) => createProxy(source, { ...overrides, ...checkOverrides(given) }),
    $get,
    $stats,
  };
}

function remoteMethod(source: ProxySource, method: string, overrides: CallOverrides): AnyFunction {
  const { connection, options } = source;
  const call = (...args: unknown[]): Promise<unknown> => {
    const attempt = (): Promise<unknown> => connection.call(method, args, settings);
    return options.retries === 0 ? attempt() : retry(attempt, options.retries);
  };
  const settings = callOptions(options, overrides, call);
  Object.defineProperty(call, 'name', { value: method, configurable: true });
  return call;
}

async function retry(attempt: () => Promise<unknown>, retries: number): Promise<unknown> {
  for (let left = retries; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof TimeoutError)) throw error;
    }
  }
}

function callOptions(options: ProxySource['options'], overrides: CallOverrides, boundary: AnyFunction): CallOptions {
  const timeout = overrides.timeout === undefined ? options.timeout : unlimited(overrides.timeout);
  return { timeout, signal: overrides.signal, boundary };
}

function checkOverrides(given: CallOverrides): CallOverrides {
  if (typeof given !== 'object' || given === null) {
    throw new OptionsValidationError('$with() takes an object: { timeout, signal }.');
  }
  checkOptions(given, ['timeout', 'signal'], 'Other options are for procxy() only.');
  return given;
}

function describeState({ agent }: Connection): string {
  return `{ pid: ${agent.process.pid}, ${agent.ended ? 'ended' : 'running'} }`;
}

function traps(type: ProxySource['type']): ProxyHandler<object> {
  const refuse = (action: string, key: PropertyKey): never => {
    throw new PropertyError(
      `${String(key)} cannot be ${action} on the proxy: the instance lives in another process. Give ${type.name || 'its class'} a method that does it.`,
    );
  };
  return {
    getPrototypeOf: () => type.prototype,
    set: (_target, key) => refuse('set', key),
    defineProperty: (_target, key) => refuse('defined', key),
    deleteProperty: (_target, key) => refuse('deleted', key),
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
}
