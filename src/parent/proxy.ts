import { inspect } from 'node:util';
import { symbolOnProxy } from '../codec/members.js';
import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { PropertyError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';
import type { CallOverrides } from '../types/options.js';
import type { Procxy } from '../types/procxy.js';
import { warn } from '../warnings.js';
import type { Connection } from './connection.js';
import { controls, readings } from './controls.js';
import { eventApi } from './event-api.js';
import { emitterMethods } from '../session/events/emitter-methods.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import type { RemoteInstance } from './remote-instance.js';
import { remoteMethod, symbolMethod } from './remote-method.js';
import { ReplacedMethods } from './replaced-methods.js';

export interface ProxySource {
  connection: RemoteInstance;
  description: InstanceDescription;
  options: Pick<ResolvedOptions, 'timeout' | 'retries' | 'onTimeout'>;
  /** The name of the class in messages. */
  className: string;
  /** Finds the class that the proxy is an instance of, if this process has loaded it. */
  type(): { readonly prototype: object } | undefined;
}

/** Methods that are called implicitly: by `await`, by `JSON.stringify`, and by the comparisons of test frameworks. */
const probed = new Set(['then', 'toJSON', 'asymmetricMatch']);

/** Every proxy, with the instance behind it. `undefined` if there are several. */
const instances = new WeakMap<object, RemoteInstance | undefined>();

/** The proxies of all copies of this library in the process: it may be loaded both as an ES module and as CommonJS. */
const everyCopy = Symbol.for('procxy.proxies');
const proxies = ((globalThis as { [everyCopy]?: WeakSet<object> })[everyCopy] ??= new WeakSet());

/**
 * Returns whether `value` is a proxy made by `procxy()`. Reads none of its properties.
 *
 * @example
 * ```ts
 * const primes = await procxy(Primes);
 * isProcxy(primes); // true
 * isProcxy(new Primes()); // false
 * ```
 */
export function isProcxy(value: unknown): value is Procxy<object> {
  return typeof value === 'object' && value !== null && proxies.has(value);
}

/** Carries a proxy to its own child, where it becomes the instance. Refuses proxies of other children. */
export function proxyHandler(self: Self, connection: () => Connection | undefined): TransferHandler {
  return {
    name: 'self',
    canHandle: (value): value is object => instances.has(value),
    encode(value, context) {
      const own = connection();
      if (own && instances.get(value)?.connection === own) return undefined;
      return context.refuse('a proxy of an instance in another process', 'Call it here, and pass what it returns.');
    },
    decode: () => self.current,
  };
}

/** Notes that an object stands for an instance of another process. */
function register(proxy: object, instance: RemoteInstance): void {
  instances.set(proxy, instance);
  proxies.add(proxy);
}

/** Notes that an object stands for several instances: it can go to none of them. */
export function refuseToCross(proxy: object): void {
  instances.set(proxy, undefined);
}

/** Whether a method has a name that is called implicitly. A proxy has no such method. */
export function isProbed(method: string): boolean {
  return probed.has(method);
}

/** Makes the proxy of an instance. It has the instance's methods and properties, and its own members, which start with `$`. */
export function createProxy<T>(source: ProxySource, overrides: CallOverrides = {}): Procxy<T> {
  const again = (changed: CallOverrides): object => createProxy(source, { ...overrides, ...changed });
  const target = Object.create(
    Object.prototype,
    describeMembers(source, overrides, again, () => proxy),
  ) as object;
  const proxy: object = new Proxy(target, traps(source));
  register(proxy, source.connection);
  return proxy as Procxy<T>;
}

/** Whether the proxy lacks a method of the instance, or has its own in that place. */
function isLocal(method: string, emitter: boolean): boolean {
  return probed.has(method) || (emitter && emitterMethods.has(method));
}

/** Describes the members of the proxy's target. It has all members except properties, so that most operations need no trap. */
function describeMembers(
  source: ProxySource,
  overrides: CallOverrides,
  again: (changed: CallOverrides) => object,
  proxy: () => object,
): PropertyDescriptorMap {
  const { connection, description, type } = source;
  const className = source.className || 'anonymous';
  // Without a prototype: if it is frozen, nothing named `constructor` can be assigned.
  const members = Object.create(null) as PropertyDescriptorMap;
  const define = (key: PropertyKey, value: unknown): void => {
    members[key] = { value, enumerable: false, configurable: true };
  };
  const compute = (key: PropertyKey, get: () => unknown): void => {
    members[key] = { get, enumerable: false, configurable: true };
  };
  for (const method of description.methods) {
    if (!isLocal(method, description.emitter)) define(method, remoteMethod(source, method, overrides));
  }
  const own = {
    ...(description.emitter && eventApi(connection.listeners, proxy, description.methods)),
    ...controls(source, overrides, again),
  };
  for (const [name, value] of Object.entries(own)) define(name, value);
  for (const [name, read] of Object.entries(readings)) {
    compute(name, () => read(connection));
  }
  // The asynchronous iterator goes first: it hides the other one.
  for (const name of (description.symbols ?? []).toSorted()) {
    const key = symbolOnProxy(name);
    if (key && !(key in members)) define(key, symbolMethod(source, name, overrides, 'symbol'));
  }
  warnOfHidden(description.methods, [...Object.keys(own), ...Object.keys(readings)], source.className || 'A class');
  define(Symbol.dispose, () => void connection.terminate());
  define(Symbol.asyncDispose, () => connection.terminate());
  define(Symbol.toStringTag, 'Procxy');
  // A class may override toString, but printing the proxy must not call the child.
  define(Symbol.toPrimitive, () => '[object Procxy]');
  compute('constructor', () => type() ?? Object);
  define(inspect.custom, (depth: number, options: object, show: typeof inspect) => {
    const { worker, properties } = connection;
    // A property may be the proxy itself, so the depth ends the recursion.
    if (depth < 0) return `[Procxy<${className}>]`;
    const state = `${worker.hasEnded ? 'ended' : 'running'}, pid ${worker.pid}`;
    return `Procxy<${className}> (${state}) ${show(properties.snapshot(), { ...options, depth: depth - 1 })}`;
  });
  return members;
}

/** Warnings about hidden methods that were already emitted. */
const warned = new Set<string>();

function warnOfHidden(methods: readonly string[], own: readonly string[], className: string): void {
  const hidden = methods.filter((name) => name.startsWith('$') && own.includes(name));
  if (hidden.length === 0) return;
  const names = hidden.map((name) => `${name}()`).join(', ');
  const warning = `${className} has methods that are hidden by members of the proxy: ${names}. Rename them to call them.`;
  if (warned.has(warning)) return;
  warned.add(warning);
  warn('PROCXY_HIDDEN_MEMBER', warning);
}

/** Makes the traps of the proxy. A key that is not a member of the target is a property of the instance. */
function traps({ connection, description, className, type }: ProxySource): ProxyHandler<object> {
  const isProperty = (target: object, key: PropertyKey): key is string =>
    typeof key === 'string' && key !== 'then' && !(key in target);
  const refuse = (action: string, key: PropertyKey): never => {
    throw new PropertyError(
      `${String(key)} cannot be ${action} on the proxy: the instance lives in another process. ` +
        `Give ${className || 'its class'} a method that does it.`,
    );
  };
  const replaced = new ReplacedMethods(
    (key) =>
      typeof key === 'string' &&
      !key.startsWith('$') &&
      description.methods.includes(key) &&
      !isLocal(key, description.emitter),
  );
  return {
    get: (target, key, receiver) =>
      isProperty(target, key) ? connection.properties.read(key) : (Reflect.get(target, key, receiver) as unknown),
    has: (target, key) => key in target || (isProperty(target, key) && connection.properties.has(key)),
    ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), ...connection.properties.names()])],
    getOwnPropertyDescriptor(target, key) {
      if (!isProperty(target, key)) return Reflect.getOwnPropertyDescriptor(target, key);
      if (!connection.properties.isReadable(key)) return undefined;
      return { value: connection.properties.read(key), enumerable: true, configurable: true, writable: false };
    },
    getPrototypeOf: () => (type() ?? Object).prototype,
    set: (target, key, value: unknown) => replaced.replace(target, key, { value }) || refuse('set', key),
    defineProperty: (target, key, given) => replaced.replace(target, key, given) || refuse('defined', key),
    deleteProperty: (target, key) => replaced.restore(target, key) || refuse('deleted', key),
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
}
