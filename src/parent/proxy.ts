import { inspect } from 'node:util';
import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { PropertyError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';
import type { CallOverrides } from '../types/options.js';
import type { Procxy } from '../types/procxy.js';
import { warn } from '../warnings.js';
import type { Connection } from './connection.js';
import { controls } from './controls.js';
import { emitterMethods, eventApi } from './event-api.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { remoteMethod } from './remote-method.js';

export interface ProxySource {
  connection: Connection;
  description: InstanceDescription;
  options: Pick<ResolvedOptions, 'timeout' | 'retries' | 'onTimeout'>;
  /** How messages name the class. */
  className: string;
  /** The class that the proxy counts as an instance of, where this process has loaded it. */
  type: { readonly prototype: object } | undefined;
}

/** Methods that are called where nobody asked: by `await`, by `JSON.stringify`, by the comparisons of test frameworks. */
const probed = new Set(['then', 'toJSON', 'asymmetricMatch']);

/** Every proxy, with the connection behind it. */
const connections = new WeakMap<object, Connection>();

/** The proxies of every copy of this library in the process: one may be loaded as a module and as CommonJS. */
const everyCopy = Symbol.for('procxy.proxies');
const proxies = ((globalThis as { [everyCopy]?: WeakSet<object> })[everyCopy] ??= new WeakSet());

/** Whether `value` is a proxy that `procxy()` made. Reads nothing of it. */
export function isProcxy(value: unknown): value is Procxy<object> {
  return typeof value === 'object' && value !== null && proxies.has(value);
}

/** Carries a proxy to its own child, as the instance there; to any other it cannot go. */
export function proxyHandler(self: Self, connection: () => Connection | undefined): TransferHandler {
  return {
    name: 'self',
    canHandle: (value): value is object => connections.has(value),
    encode(value, context) {
      if (connections.get(value) === connection()) return undefined;
      return context.refuse('a proxy of an instance in another process', 'Call it here, and pass what it returns.');
    },
    decode: () => self.current,
  };
}

/** The object that stands for the instance: its methods and properties, and members of its own that start with `$`. */
export function createProxy<T>(source: ProxySource, overrides: CallOverrides = {}): Procxy<T> {
  const again = (changed: CallOverrides): object => createProxy(source, { ...overrides, ...changed });
  const target = Object.create(
    Object.prototype,
    describeMembers(source, overrides, again, () => proxy),
  ) as object;
  const proxy: object = new Proxy(target, traps(source));
  connections.set(proxy, source.connection);
  proxies.add(proxy);
  return proxy as Procxy<T>;
}

/** The target holds every member but the properties, so that most operations need no trap. */
function describeMembers(
  source: ProxySource,
  overrides: CallOverrides,
  again: (changed: CallOverrides) => object,
  proxy: () => object,
): PropertyDescriptorMap {
  const { connection, description, type = Object } = source;
  const className = source.className || 'anonymous';
  const members: PropertyDescriptorMap = {};
  const define = (key: PropertyKey, value: unknown): void => {
    members[key] = { value, enumerable: false, configurable: true };
  };
  for (const method of description.methods) {
    const isOwn = probed.has(method) || (description.emitter && emitterMethods.has(method));
    if (!isOwn) define(method, remoteMethod(source, method, overrides));
  }
  const own = {
    ...(description.emitter && eventApi(connection.events, proxy, description.methods)),
    ...controls(source, overrides, again),
  };
  for (const [name, value] of Object.entries(own)) define(name, value);
  warnOfHidden(description.methods, Object.keys(own), source.className || 'A class');
  members['$blockedFor'] = { get: () => connection.blockedFor, enumerable: false, configurable: true };
  define(Symbol.dispose, () => void connection.terminate());
  define(Symbol.asyncDispose, () => connection.terminate());
  define(Symbol.toStringTag, 'Procxy');
  // A class may override toString: being printed must not call the child.
  define(Symbol.toPrimitive, () => '[object Procxy]');
  define('constructor', type);
  define(inspect.custom, (depth: number, options: object, show: typeof inspect) => {
    const { worker, properties } = connection;
    // A property may be the proxy itself.
    if (depth < 0) return `[Procxy<${className}>]`;
    const state = `${worker.hasEnded ? 'ended' : 'running'}, pid ${worker.pid}`;
    return `Procxy<${className}> (${state}) ${show(properties.snapshot(), { ...options, depth: depth - 1 })}`;
  });
  return members;
}

/** The warnings of hidden methods that were given: one is not given twice. */
const warned = new Set<string>();

function warnOfHidden(methods: readonly string[], own: readonly string[], className: string): void {
  const hidden = methods.filter((name) => name.startsWith('$') && own.includes(name));
  if (hidden.length === 0) return;
  const names = hidden.map((name) => `${name}()`).join(', ');
  const warning = `${className} has methods that members of every proxy hide: ${names}. Give them other names to call them.`;
  if (warned.has(warning)) return;
  warned.add(warning);
  warn('PROCXY_HIDDEN_MEMBER', warning);
}

/** What is read on the proxy and is no member of the target is a property of the instance. */
function traps({ connection: { properties }, className, type = Object }: ProxySource): ProxyHandler<object> {
  const isProperty = (target: object, key: PropertyKey): key is string =>
    typeof key === 'string' && key !== 'then' && !(key in target);
  const refuse = (action: string, key: PropertyKey): never => {
    throw new PropertyError(
      `${String(key)} cannot be ${action} on the proxy: the instance lives in another process. ` +
        `Give ${className || 'its class'} a method that does it.`,
    );
  };
  return {
    get: (target, key, receiver) =>
      isProperty(target, key) ? properties.read(key) : (Reflect.get(target, key, receiver) as unknown),
    has: (target, key) => key in target || (isProperty(target, key) && properties.has(key)),
    ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), ...properties.names()])],
    getOwnPropertyDescriptor(target, key) {
      if (!isProperty(target, key)) return Reflect.getOwnPropertyDescriptor(target, key);
      if (!properties.isReadable(key)) return undefined;
      return { value: properties.read(key), enumerable: true, configurable: true, writable: false };
    },
    getPrototypeOf: () => type.prototype,
    set: (_target, key) => refuse('set', key),
    defineProperty: (_target, key) => refuse('defined', key),
    deleteProperty: (_target, key) => refuse('deleted', key),
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
}
