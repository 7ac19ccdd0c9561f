import type { UntypedFunction } from '../types/any-function.js';
import { PropertyError } from '../errors.js';
import { createReferenceProxy, type MakeMember, type ReferenceMembers } from '../session/references/reference-proxy.js';
import type { RemoteReference } from '../session/references/remote-reference.js';
import { adding, emitterMethods } from '../session/events/emitter-methods.js';
import type { EventSubscriptions } from '../session/events/event-subscriptions.js';
import { Listeners } from '../session/events/listeners.js';
import { findLoadedClass } from './loaded-classes.js';
import { eventApi } from './event-api.js';
import { callOptions, remoteMethod, symbolMethod, type CallSource } from './remote-method.js';

export interface ReferenceSource extends CallSource {
  /** The class of the instance, if this process has loaded it. */
  type(): object | undefined;
  readonly connection: CallSource['connection'] & { eventsOf(referenceId: string): EventSubscriptions };
}

/**
 * Makes the proxies of objects that stay in the child.
 * @param source the connection and options of the proxy that returned them. Called when the first proxy is made
 */
export function remoteObjects(source: () => ReferenceSource): (remote: RemoteReference) => object {
  const own = new Map<PropertyKey, MakeMember>([
    ['$get', (remote) => getter(source(), remote)],
    [Symbol.asyncDispose, (remote) => disposer(source(), remote)],
  ]);
  const emitters = new Map(own);
  const apis = new WeakMap<RemoteReference, EventApi>();
  for (const name of emitterMethods) {
    if (name === 'emit') continue;
    emitters.set(name, (remote) => {
      let api = apis.get(remote);
      if (!api) apis.set(remote, (api = eventsOf(source(), remote)));
      return api[name];
    });
  }
  const members: ReferenceMembers = {
    isLocal: ({ isEmitter }, name) => isEmitter && emitterMethods.has(name),
    method: (remote, name) => remoteMethod(source(), name, {}, remote.target(undefined, name)),
    symbol: (remote, name) => symbolMethod(source(), name, {}, remote.target('symbol', name)),
    own: ({ isEmitter }) => (isEmitter ? emitters : own),
    propertyRemedy: 'a reference mirrors no properties. Use `await reference.$get(name)`.',
    typeOf(shape) {
      const near = source().type();
      return near && findLoadedClass(near, shape);
    },
  };
  return (remote) => createReferenceProxy(remote, members);
}

type EventApi = ReturnType<typeof eventApi>;

/** Makes the emitter methods of a reference, which work with the listeners of this process. */
function eventsOf({ connection }: ReferenceSource, remote: RemoteReference): EventApi {
  const listeners = new Listeners(() => remote.proxy);
  const api = eventApi(listeners, () => remote.proxy, [...remote.shape.methods]);
  if (remote.isReleased || remote.isOver) return refusing(api, remote);
  const subscriptions = connection.eventsOf(remote.idFor('on'));
  subscriptions.attach(listeners);
  remote.beforeRelease = () => {
    listeners.emitter.removeAllListeners();
    subscriptions.detach(listeners);
  };
  return refusing(api, remote);
}

/** A reference that was released, or whose child has ended, gets no more listeners. */
function refusing(api: EventApi, remote: RemoteReference): EventApi {
  for (const name of adding) {
    const add = api[name] as UntypedFunction;
    api[name] = (...args: unknown[]) => {
      remote.requireHeld(name);
      return add(...args);
    };
  }
  return api;
}

function getter(source: CallSource, remote: RemoteReference): UntypedFunction {
  const $get: UntypedFunction = (name) => {
    if (typeof name !== 'string') {
      const what = `$get() takes the name of a property as a string, but got a ${typeof name}.`;
      return Promise.reject(new PropertyError(what));
    }
    return source.connection.call(name, [], callOptions(source, {}, $get), remote.target('property', name));
  };
  return $get;
}

/** Disposes the object in the child, if it has a dispose hook, and then releases it. */
function disposer(source: CallSource, remote: RemoteReference): UntypedFunction {
  const hook = ['asyncDispose', 'dispose'].find((name) => remote.shape.symbols.has(name));
  const dispose = async (): Promise<void> => {
    if (remote.isReleased || remote.isOver) return;
    try {
      if (hook !== undefined) {
        await source.connection.call(hook, [], callOptions(source, {}, dispose), remote.target('symbol', hook));
      }
    } finally {
      remote.release();
    }
  };
  return dispose;
}
