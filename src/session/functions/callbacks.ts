import type { FunctionExchange } from '../../codec/function-codec.js';
import type { UntypedFunction } from '../../types/any-function.js';
import { syncOf } from '../../codec/sync-mark.js';
import { ProtocolError } from '../../errors.js';
import type { CallbackDescriptor, CallbackInvoke, Coded } from '../../protocol.js';
import type { SideStats } from '../../types/stats.js';
import { now, setImmediate, setTimeout } from '../../clock.js';
import { ExportedFunctions, type Exported } from './exported-functions.js';
import { collectGarbage } from './garbage.js';
import { ImportedFunctions } from './imported-functions.js';
import { Invocations, releasedError, type InvocationOptions } from './invocations.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';

/** A child may make its parent collect garbage for so much of its time: a collection of t ms is followed by 4 t without. */
const PAUSE_FACTOR = 4;

export interface CallbacksOptions extends InvocationOptions {
  /** How many functions one side may export at a time. */
  limit: number;
  /** The parent trusts no child: it never blocks for one, and collects garbage for it in reasonable intervals only. */
  isParent: boolean;
  /** What runs a function of this side while it is watched; `undefined` while it is not. */
  trace?(): ((name: string, args: unknown[], run: () => unknown) => unknown) | undefined;
}

/** The functions that cross, in both directions: both registries of a side, and what the sides tell each other about them. */
export class Callbacks implements FunctionExchange, SessionPart {
  readonly mayExportSync: boolean;
  readonly handlers: Handlers;
  readonly #isParent: boolean;
  readonly #trace: CallbacksOptions['trace'];
  readonly #exported: ExportedFunctions;
  readonly #imported: ImportedFunctions;
  readonly #invocations: Invocations;
  #link!: SessionApi;
  /** What to do when the other side has collected its garbage; it has been asked to when there is something. */
  readonly #onCollected: (() => void)[] = [];
  /** This side is to collect its own. */
  #collecting = false;
  /** Before that it collects none for the other's sake. */
  #nextCollection = 0;

  constructor(options: CallbacksOptions) {
    const { limit, isParent } = options;
    this.mayExportSync = isParent;
    this.#isParent = isParent;
    this.#trace = options.trace;
    this.handlers = {
      'callback-invoke': (message) => this.#serve(message),
      'callback-cleanup': ({ callbackId, count }) => this.#exported.giveBack(callbackId, count),
      'callback-release': ({ callbackId }) => this.#imported.releaseById(callbackId),
      'callback-collect': () => this.#scheduleCollection(),
      'callback-collected': () => this.#collected(),
      'callback-failed': ({ name, reason }) => options.onUnhandled(name, reason),
    };
    this.#invocations = new Invocations(options);
    this.#exported = new ExportedFunctions(limit);
    this.#imported = new ImportedFunctions({
      // A child takes what its parent sends: what gives functions back may be overtaken by what brings new ones.
      limit: isParent ? limit : Infinity,
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
    if (!meta.home) return this.#imported.import(descriptor);
    const { fn, name } = this.#exported.get(id);
    return fn ?? ((): never => refuse(name));
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

  /** A function of this side. @throws {ProtocolError} for an id that was not handed out */
  find(callbackId: string): Exported {
    return this.#exported.get(callbackId);
  }

  /**
   * Runs a function of this side in the asynchronous context in which it was passed.
   * @param within runs it in turn, in that context
   */
  run({ fn, name, receiver, context }: Exported, args: unknown[], within?: (run: () => unknown) => unknown): unknown {
    if (!fn) return refuse(name);
    const trace = this.#trace?.();
    if (!trace && !within) return context.runInAsyncScope(fn, receiver, ...args);
    const apply = (): unknown => Reflect.apply(fn, receiver, args);
    const traced = trace ? (): unknown => trace(name, args, apply) : apply;
    return context.runInAsyncScope(() => (within ? within(traced) : traced()));
  }

  makeRoom(done: () => void): void {
    if (this.#onCollected.push(done) === 1) this.#link.sendControl({ type: 'callback-collect' });
  }

  /** Lets go of a function, of whichever side it is. Returns whether it had crossed. */
  release(fn: UntypedFunction): boolean {
    const entry = this.#imported.entryOf(fn);
    if (entry) return this.#imported.release(entry);
    // What has crossed may be the function as sync() marks it.
    const ids = [fn, syncOf(fn) as UntypedFunction | undefined].map((each) => each && this.#exported.release(each));
    const released = ids.filter((id) => id !== undefined);
    for (const callbackId of released) this.#link.sendControl({ type: 'callback-release', callbackId });
    return released.length > 0;
  }

  close(): void {
    this.#exported.clear();
    this.#imported.clear();
  }

  #serve({ callbackId, invokeId, args, coded }: CallbackInvoke): void {
    const exported = this.find(callbackId);
    const head = { type: 'callback-result', invokeId } as const;
    const method = exported.name || 'callback';
    this.#link.server.serve(head, method, args, coded, (values) => this.run(exported, values));
  }

  #collected(): void {
    const waiting = this.#onCollected.splice(0);
    if (waiting.length === 0) throw new ProtocolError('Garbage was collected that nobody asked for.');
    for (const done of waiting) done();
  }

  #scheduleCollection(): void {
    if (this.#collecting) throw new ProtocolError('Garbage was to be collected that is being collected.');
    this.#collecting = true;
    const collect = (): void => {
      this.#collecting = false;
      const start = now();
      collectGarbage();
      this.#imported.giveBackCollected();
      const end = now();
      if (this.#isParent) this.#nextCollection = end + PAUSE_FACTOR * (end - start);
      this.#link.sendControl({ type: 'callback-collected' });
    };
    const wait = this.#nextCollection - now();
    // Not at once: what this very turn has looked at counts as used until it ends.
    if (wait <= 0) setImmediate(collect);
    else setTimeout(collect, wait).unref();
  }
}

function isFunctionId(id: string | number): id is string {
  return typeof id === 'string';
}

function refuse(name: string): never {
  throw releasedError(name || 'callback');
}
