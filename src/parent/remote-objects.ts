import type { UntypedFunction } from '../types/any-function.js';
import { PropertyError } from '../errors.js';
import { createReferenceProxy, type MakeMember, type ReferenceMembers } from '../session/references/reference-proxy.js';
import type { RemoteReference } from '../session/references/remote-reference.js';
import { callOptions, remoteMethod, type CallSource } from './remote-method.js';

/**
 * Makes the proxies of objects that stay in the child.
 * @param source the connection and options of the proxy that returned them. Called when the first proxy is made
 */
export function remoteObjects(source: () => CallSource): (remote: RemoteReference) => object {
  const own = new Map<PropertyKey, MakeMember>([
    ['$get', (remote) => getter(source(), remote)],
    [Symbol.asyncDispose, (remote) => disposer(source(), remote)],
  ]);
  const members: ReferenceMembers = {
    method: (remote, name) => remoteMethod(source(), name, {}, remote.target(undefined, name)),
    symbol(remote, name) {
      const method = remoteMethod(source(), name, {}, remote.target('symbol', name));
      return name.endsWith('terator') ? () => (method() as AsyncIterable<unknown>)[Symbol.asyncIterator]() : method;
    },
    own: () => own,
    propertyRemedy: 'a reference mirrors no properties. Use `await reference.$get(name)`.',
    typeOf: () => undefined,
  };
  return (remote) => createReferenceProxy(remote, members);
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
