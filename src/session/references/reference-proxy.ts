import { inspect } from 'node:util';
import { encoding } from '../../codec/quiet.js';
import { symbolOnProxy } from '../../codec/members.js';
import { PropertyError } from '../../errors.js';
import type { RemoteReference } from './remote-reference.js';
import type { KnownShape } from './shapes.js';

/** Makes one member of the proxy for a reference, when it is first read. */
export type MakeMember = (remote: RemoteReference) => unknown;

/** The members of proxies for references. */
export interface ReferenceMembers {
  /** Whether the proxy lacks a method of the object, or has its own in that place. */
  isLocal(shape: KnownShape, name: string): boolean;
  /** Makes the function for a method of the object. */
  method(remote: RemoteReference, name: string): unknown;
  /** Makes the member for a well-known symbol for which the object has a method. `undefined` for none. */
  symbol(remote: RemoteReference, name: string): unknown;
  /** The proxy's own members. They hide methods of the same names. */
  own(shape: KnownShape): ReadonlyMap<PropertyKey, MakeMember>;
  /** The end of the error message for a property that is read on the proxy. */
  readonly propertyRemedy: string;
  /** The class that the proxy is an instance of, if it is loaded on this side. */
  typeOf(shape: KnownShape): { readonly prototype: object } | undefined;
}

/** Methods that are called implicitly: by `await`, by `JSON.stringify`, and by the comparisons of test frameworks. */
const probed = new Set(['then', 'toJSON', 'asymmetricMatch']);

/** The proxy's target. Its members become own properties when they are first read. Only proxies are instances of this class. */
class RemoteObject {
  readonly #remote: RemoteReference;

  constructor(remote: RemoteReference) {
    this.#remote = remote;
  }

  static remoteOf(target: object): RemoteReference {
    return (target as RemoteObject).#remote;
  }

  /** Node prints the target of a proxy. */
  get [inspect.custom](): () => string {
    const { shape, isReleased, isOver } = this.#remote;
    const state = isReleased ? 'released' : isOver ? 'ended' : 'held';
    return () => `Remote<${shape.className || 'Object'}> (${state})`;
  }
}

/** The traps, shared by all objects of one kind: a proxy costs only two small objects until its methods are called. */
const traps = new WeakMap<KnownShape, ProxyHandler<object>>();

/** Makes the proxy of an object of the other side. */
export function createReferenceProxy(remote: RemoteReference, members: ReferenceMembers): object {
  const { shape } = remote;
  let handler = traps.get(shape);
  if (!handler) traps.set(shape, (handler = trapsFor(shape, members)));
  const proxy = new Proxy(new RemoteObject(remote), handler);
  remote.proxy = proxy;
  return proxy;
}

function trapsFor(shape: KnownShape, members: ReferenceMembers): ProxyHandler<object> {
  let type: { readonly prototype: object } | undefined;
  /** Looked up when it is first needed, since that is rare. */
  const typeOf = (): { readonly prototype: object } => {
    if (encoding.depth > 0) return RemoteObject;
    return (type ??= members.typeOf(shape) ?? RemoteObject);
  };
  const makers = makersFor(shape, members, typeOf);
  const member = (target: object, key: PropertyKey): unknown => {
    const known = Object.getOwnPropertyDescriptor(target, key);
    if (known) return known.value;
    const value = makers.get(key)?.(RemoteObject.remoteOf(target));
    Object.defineProperty(target, key, { value, configurable: true });
    return value;
  };
  const refuse = (action: string, key: PropertyKey): never => {
    throw new PropertyError(
      `${String(key)} cannot be ${action} on the proxy: the object lives in another process. Call a method that does it.`,
    );
  };
  return {
    get(target, key, receiver) {
      if (makers.has(key)) return member(target, key);
      if (typeof key === 'string' && shape.properties.has(key)) {
        throw new PropertyError(`${key} cannot be read on the proxy: ${members.propertyRemedy}`);
      }
      return key === 'then' ? undefined : (Reflect.get(Object.prototype, key, receiver) as unknown);
    },
    has: (_target, key) => makers.has(key) || key in Object.prototype,
    ownKeys: () => [...makers.keys()] as string[],
    getOwnPropertyDescriptor(target, key) {
      if (!makers.has(key)) return undefined;
      member(target, key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    getPrototypeOf: () => typeOf().prototype,
    set: (_target, key) => refuse('set', key),
    defineProperty: (_target, key) => refuse('defined', key),
    deleteProperty: (_target, key) => refuse('deleted', key),
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
}

function makersFor(shape: KnownShape, members: ReferenceMembers, typeOf: () => object): Map<PropertyKey, MakeMember> {
  const makers = new Map<PropertyKey, MakeMember>();
  for (const name of shape.methods) {
    if (!probed.has(name) && !members.isLocal(shape, name)) makers.set(name, (remote) => members.method(remote, name));
  }
  for (const name of shape.symbols) {
    const key = symbolOnProxy(name);
    if (key && !makers.has(key)) makers.set(key, (remote) => members.symbol(remote, name));
  }
  makers.set('$release', (remote) => () => remote.release());
  makers.set(Symbol.dispose, (remote) => () => void remote.release());
  makers.set(Symbol.toStringTag, () => 'Remote');
  makers.set('constructor', () => typeOf());
  // A class may override toString, but printing the proxy must not call the other side.
  makers.set(Symbol.toPrimitive, () => () => '[object Remote]');
  for (const [key, make] of members.own(shape)) makers.set(key, make);
  return makers;
}
