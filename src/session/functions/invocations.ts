import type { UntypedFunction } from '../../types/any-function.js';
import { SyncCallbackError, TerminatedError } from '../../errors.js';
import type { CallbackDescriptor } from '../../protocol.js';
import { Invocation } from '../calls/invocation.js';
import type { FunctionTarget } from '../calls/open-call.js';
import type { Imported } from '../lifetimes/import-table.js';
import { withoutCollection } from './visit.js';
import type { SessionApi } from '../part.js';

export interface InvocationOptions {
  /** ms that the caller of a function waits for its result. `Infinity` means no limit. */
  timeout: number;
  /** Absent if this process cannot block to wait for a result. */
  blocking?: BlockingInvoker | undefined;
  /** Called when an invocation fails that nobody awaits. */
  onUnhandled(name: string, reason: string): void;
}

/** Invokes functions marked by `sync()`. */
export interface BlockingInvoker {
  /** Call it when a function that may be invoked this way has arrived. */
  expect(): void;
  /** Blocks the event loop until the function returns or throws, and does the same. */
  invoke(target: FunctionTarget, name: string, args: unknown[]): unknown;
}

/** Makes the proxies of the other side's functions, and invokes the functions. */
export class Invocations {
  readonly #options: InvocationOptions;
  #link!: SessionApi;

  constructor(options: InvocationOptions) {
    this.#options = options;
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  createProxy(entry: Imported, meta: CallbackDescriptor['__procxy_meta']): UntypedFunction {
    const name = meta.name || 'callback';
    const proxy = meta.sync ? this.#blockingProxy(entry, name) : this.#asyncProxy(entry, name);
    Object.defineProperties(proxy, {
      name: { value: meta.name, configurable: true },
      length: { value: meta.arity, configurable: true },
    });
    return proxy;
  }

  #blockingProxy(entry: Imported, name: string): UntypedFunction {
    const { blocking } = this.#options;
    if (!blocking) {
      return () => {
        throw new SyncCallbackError(
          `${name}() was marked by sync(), but this process cannot wait for it: sync() needs a child in Node, or in Bun on Linux or macOS. Pass the function without sync().`,
        );
      };
    }
    blocking.expect();
    const proxy: UntypedFunction = (...args) => blocking.invoke(target, name, args);
    const target = targetOf(entry, name, proxy);
    return proxy;
  }

  #asyncProxy(entry: Imported, name: string): UntypedFunction {
    const onFailure = (reason: string): void => {
      if (!this.#link.isOver()) this.#options.onUnhandled(name, reason);
    };
    const proxy: UntypedFunction = (...args) => {
      const invocation = new Invocation(onFailure);
      this.#link.open(target, name, args, options, invocation);
      return invocation.promise;
    };
    const target = targetOf(entry, name, proxy);
    const options = { timeout: this.#options.timeout, boundary: proxy };
    return proxy;
  }
}

function targetOf(entry: Imported, name: string, proxy: UntypedFunction): FunctionTarget {
  return {
    type: 'function',
    id: () => usableId(entry, name),
    proxy,
    fewer: (args) => withoutCollection(args, proxy.length),
  };
}

/** @throws {TerminatedError} if the function was released */
function usableId({ id, released }: Imported, name: string): string {
  if (released) throw releasedError(name);
  return id;
}

export function releasedError(name: string): TerminatedError {
  return new TerminatedError(`${name}() was released by $releaseCallback(). Pass it again to use it again.`);
}
