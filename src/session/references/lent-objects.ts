import { Invocation } from '../calls/invocation.js';
import { createReferenceProxy, type ReferenceMembers } from './reference-proxy.js';
import type { RemoteReference } from './remote-reference.js';

export interface LentObjectsOptions {
  /** ms that the caller of a method waits for its result. `Infinity` means no limit. */
  timeout: number;
  /** Called when a call fails that nobody awaits. */
  onUnhandled(name: string, reason: string): void;
}

/** Makes a child's proxies for objects that its parent lends. They have only the methods of these objects. */
export function lentObjects({ timeout, onUnhandled }: LentObjectsOptions): (remote: RemoteReference) => object {
  const members: ReferenceMembers = {
    method(remote, name) {
      const method = (...args: unknown[]): unknown => {
        const invocation = new Invocation((reason) => {
          if (!remote.isOver) onUnhandled(name, reason);
        });
        remote.open(target, name, args, options, invocation);
        return invocation.promise;
      };
      const options = { timeout, boundary: method };
      const target = remote.target(undefined, name);
      Object.defineProperty(method, 'name', { value: name, configurable: true });
      return method;
    },
    isLocal: () => false,
    symbol: () => undefined,
    own: () => new Map(),
    propertyRemedy: 'a lent object gives its methods only. Lend one that has a method for it.',
    typeOf: () => undefined,
  };
  return (remote) => createReferenceProxy(remote, members);
}
