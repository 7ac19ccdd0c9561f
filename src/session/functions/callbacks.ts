import type { FunctionExchange } from '../../codec/function-codec.js';
import type { UntypedFunction } from '../../types/any-function.js';
import { largeBytesNumber } from '../../codec/large-bytes-codec.js';
import { isReferenceId } from '../../codec/reference-codec.js';
import { syncOf } from '../../codec/sync-mark.js';
import { instrumentation } from '../../instrumentation.js';
import type { CallbackDescriptor, CallbackInvoke, Coded, TraceFields } from '../../protocol.js';
import type { SideStats } from '../../types/stats.js';
import { serveInSpan } from '../calls/server-span.js';
import type { Collectable } from '../lifetimes/collection.js';
import { ImportTable } from '../lifetimes/import-table.js';
import { ExportedFunctions, type ExportedFunction } from './exported-functions.js';
import { Invocations, releasedError, type InvocationOptions } from './invocations.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';

export interface CallbacksOptions extends InvocationOptions {
  /** How many functions one side may export at a time. */
  limit: number;
  /** The parent does not trust its child: it never blocks for it. */
  isParent: boolean;
  /** Returns a function that runs a callback and traces it, or `undefined` while nothing is traced. */
  trace?(): ((name: string, args: unknown[], run: () => unknown) => unknown) | undefined;
}

/** The functions that cross, in both directions: the two registries of a side, and the messages about them. */
export class Callbacks implements FunctionExchange, SessionPart, Collectable {
  readonly mayExportSync: boolean;
  readonly #isParent: boolean;
  readonly handlers: Handlers;
  readonly #trace: CallbacksOptions['trace'];
  readonly #exported: ExportedFunctions;
  readonly #imported: ImportTable<UntypedFunction, CallbackDescriptor['__procxy_meta']>;
  readonly #invocations: Invocations;
  #link!: SessionApi;

  constructor(options: CallbacksOptions) {
    const { limit, isParent } = options;
    this.mayExportSync = isParent;
    this.#isParent = isParent;
    this.#trace = options.trace;
    this.handlers = {
      'callback-invoke': (message) => this.#serve(message),
      'callback-cleanup': ({ callbackId, count }) => this.#exported.giveBack(callbackId, count),
      'callback-release': ({ callbackId }) => this.#imported.releaseById(callbackId),
      'callback-failed': ({ name, reason }) => options.onUnhandled(name, reason),
    };
    this.#invocations = new Invocations(options);
    this.#exported = new ExportedFunctions(limit);
    this.#imported = new ImportTable({
      // A child accepts any number: messages with new functions may overtake the messages that release old ones.
      limit: isParent ? limit : Infinity,
      option: 'maxCallbacks',
      noun: 'function',
      createProxy: (entry, meta) => this.#invocations.createProxy(entry, meta),
      giveBack: ({ id, count }) => this.#link.sendControl({ type: 'callback-cleanup', callbackId: id, count }),
    });
  }

  attach(link: SessionApi): void {
    this.#link = link;
    this.#invocations.attach(link);
  }

  get stats(): Pick<SideStats, 'exportedFunctions' | 'importedFunctions'> {
    return { exportedFunctions: this.#exported.size, importedFunctions: this.#imported.size };
  }

  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor {
    const imported = this.#imported.entryOf(fn);
    if (!imported || imported.released) return this.#exported.export(fn, receiver);
    return {
      __procxy_callback: imported.id,
      __procxy_meta: { type: 'function', arity: fn.length, name: fn.name, home: true },
    };
  }

  takeExported(): string[] {
    return this.#exported.takePending();
  }

  discard(): void {
    this.#exported.discardPending();
  }

  import(descriptor: CallbackDescriptor): UntypedFunction {
    const { __procxy_callback: id, __procxy_meta: meta } = descriptor;
    if (!meta.home) return this.#imported.import(id, meta);
    const { value, name } = this.#exported.get(id);
    return value ?? ((): never => refuse(name));
  }

  arrive(coded: Coded): void {
    if (coded !== true) this.#imported.arrive(coded.filter(isFunctionId));
  }

  account(coded: Coded): void {
    if (coded !== true) this.#imported.account(coded.filter(isFunctionId));
  }

  takeBack(coded: Coded): void {
    if (coded !== true) for (const id of coded.filter(isFunctionId)) this.#exported.giveBack(id, 1);
  }

  /** Finds a function of this side. @throws {ProtocolError} for an id that was never exported */
  find(callbackId: string): ExportedFunction {
    return this.#exported.get(callbackId);
  }

  /**
   * Runs a function of this side in the asynchronous context in which it was passed.
   * @param trace what the message carried
   * @param within called in that context, to run the function
   */
  run(
    exported: ExportedFunction,
    args: unknown[],
    trace: TraceFields | undefined,
    within?: (run: () => unknown) => unknown,
  ): unknown {
    const { value: fn, name, receiver, context } = exported;
    if (!fn) return refuse(name);
    const publish = this.#trace?.();
    if (!publish && !within && !instrumentation.current) return context.runInAsyncScope(fn, receiver, ...args);
    const apply = (): unknown => Reflect.apply(fn, receiver, args);
    const published = publish ? (): unknown => publish(name, args, apply) : apply;
    const call = { method: methodOf(exported), trace, isTrusted: !this.#isParent };
    const traced = (): unknown => serveInSpan(call, published);
    return context.runInAsyncScope(() => (within ? within(traced) : traced()));
  }

  giveBackCollected(): void {
    this.#imported.giveBackCollected();
  }

  /** Releases a function of either side. Returns whether it had crossed. */
  release(fn: UntypedFunction): boolean {
    const entry = this.#imported.entryOf(fn);
    if (entry) return this.#imported.release(entry);
    // The function may have crossed as the one that sync() returned for it.
    const forms = [fn, syncOf(fn) as UntypedFunction | undefined];
    const released = forms.map((each) => each && this.#exported.release(each)).filter((each) => each !== undefined);
    for (const { id: callbackId } of released) this.#link.sendControl({ type: 'callback-release', callbackId });
    return released.length > 0;
  }

  close(): void {
    this.#exported.clear();
    this.#imported.clear();
  }

  #serve({ callbackId, invokeId, args, coded, trace }: CallbackInvoke): void {
    const exported = this.find(callbackId);
    const head = { type: 'callback-result', invokeId } as const;
    this.#link.server.serve(head, methodOf(exported), args, coded, (values) => this.run(exported, values, trace));
  }
}

function methodOf({ name }: ExportedFunction): string {
  return name || 'callback';
}

function isFunctionId(id: string | number): id is string {
  return typeof id === 'string' && !isReferenceId(id) && largeBytesNumber(id) === undefined;
}

function refuse(name: string): never {
  throw releasedError(name || 'callback');
}
