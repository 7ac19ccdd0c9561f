import type { AnyFunction, FunctionExchange } from '../codec/function-codec.js';
import { ProtocolError } from '../errors.js';
import type { CallbackDescriptor, Coded, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { now } from './deadlines.js';
import { ExportedFunctions, type Exported } from './exported-functions.js';
import { collectGarbage } from './garbage.js';
import { ImportedFunctions } from './imported-functions.js';
import { Invocations, releasedError, type InvocationLink, type InvocationOptions } from './invocations.js';

// Taken at import, so that a test's fake clock does not stop them.
const { setImmediate, setTimeout } = globalThis;

/** A child may make its parent collect garbage for so much of its time: a collection of t ms is followed by 4 t without. */
const PAUSE_FACTOR = 4;

export interface CallbacksOptions extends InvocationOptions {
  /** How many functions one side may export at a time. */
  limit: number;
  /** The parent trusts no child: it never blocks for one, and collects garbage for it in reasonable intervals only. */
  isParent: boolean;
}

/** What the session does for callbacks. */
export interface CallbackLink extends InvocationLink {
  /** Sends at once, also where other messages wait. */
  send(message: Message): void;
}

/** The messages about functions that are neither invocations nor results. */
export type CallbackControl = Extract<Message, { type: `callback-${'cleanup' | 'release' | 'collect' | 'collected'}` }>;

/** The functions that cross, in both directions: both registries of a side, and what the sides tell each other about them. */
export class Callbacks implements FunctionExchange {
  readonly mayExportSync: boolean;
  readonly #isParent: boolean;
  readonly #exported: ExportedFunctions;
  readonly #imported: ImportedFunctions;
  readonly #invocations: Invocations;
  #link!: CallbackLink;
  /** What to do when the other side has collected its garbage. */
  #onCollected: (() => void) | undefined;
  /** Before that this side collects none for the other's sake. */
  #nextCollection = 0;

  constructor(options: CallbacksOptions) {
    const { limit, isParent } = options;
    this.mayExportSync = isParent;
    this.#isParent = isParent;
    this.#invocations = new Invocations(options, this);
    this.#exported = new ExportedFunctions(limit);
    this.#imported = new ImportedFunctions({
      limit,
      createProxy: (entry, meta) => this.#invocations.createProxy(entry, meta),
      giveBack: ({ id, count }) => this.#link.send({ type: 'callback-cleanup', callbackId: id, count }),
    });
  }

  attach(link: CallbackLink): void {
    this.#link = link;
    this.#invocations.attach(link);
  }

  get stats(): Pick<SideStats, 'exportedFunctions' | 'importedFunctions'> {
    return { exportedFunctions: this.#exported.size, importedFunctions: this.#imported.size };
  }

  export(fn: AnyFunction, receiver: object | undefined): CallbackDescriptor {
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

  import(descriptor: CallbackDescriptor): AnyFunction {
    const { __procxy_callback: id, __procxy_meta: meta } = descriptor;
    if (!meta.home) return this.#imported.import(descriptor);
    const { fn, name } = this.#exported.get(id);
    return fn ?? ((): never => refuse(name));
  }

  /** To be called when a message comes, before its values are read. @throws {ProtocolError} */
  arrive(coded: Coded | undefined): void {
    if (Array.isArray(coded)) this.#imported.arrive(coded);
  }

  /** To be called when it has been dealt with: functions that nobody took are given back. */
  settle(coded: Coded | undefined): void {
    if (Array.isArray(coded)) this.#imported.settle(coded);
  }

  /** A message was encoded and could not be sent. */
  takeBack(coded: Coded | undefined): void {
    if (Array.isArray(coded)) for (const id of coded) this.#exported.settle(id, 1);
  }

  /** A function of this side. @throws {ProtocolError} for an id that was not handed out */
  find(callbackId: string): Exported {
    return this.#exported.get(callbackId);
  }

  run({ fn, name, receiver }: Exported, args: unknown[]): unknown {
    return fn ? Reflect.apply(fn, receiver, args) : refuse(name);
  }

  /** @throws {ProtocolError} for what no honest side says */
  receive(message: CallbackControl): void {
    switch (message.type) {
      case 'callback-cleanup':
        return this.#exported.settle(message.callbackId, message.count);
      case 'callback-release':
        return this.#imported.releaseById(message.callbackId);
      case 'callback-collect':
        return this.#scheduleCollection();
      case 'callback-collected': {
        const callback = this.#onCollected;
        if (!callback) throw new ProtocolError('Garbage was collected that nobody asked for.');
        this.#onCollected = undefined;
        callback();
      }
    }
  }

  /** Asks the other side for functions that it does not need; `callback` is called when it has given them back. */
  collect(callback: () => void): void {
    this.#onCollected = callback;
    this.#link.send({ type: 'callback-collect' });
  }

  /** Lets go of a function, of whichever side it is. Returns whether it had crossed. */
  release(fn: AnyFunction): boolean {
    const entry = this.#imported.entryOf(fn);
    if (entry) return this.#imported.release(entry);
    const callbackId = this.#exported.release(fn);
    if (callbackId === undefined) return false;
    this.#link.send({ type: 'callback-release', callbackId });
    return true;
  }

  close(): void {
    this.#exported.clear();
    this.#imported.clear();
  }

  #scheduleCollection(): void {
    const collect = (): void => {
      const start = now();
      collectGarbage();
      this.#imported.giveBackCollected();
      const end = now();
      if (this.#isParent) this.#nextCollection = end + PAUSE_FACTOR * (end - start);
      this.#link.send({ type: 'callback-collected' });
    };
    const wait = this.#nextCollection - now();
    // Not at once: what this very turn has looked at counts as used until it ends.
    if (wait <= 0) setImmediate(collect);
    else setTimeout(collect, wait).unref();
  }
}

function refuse(name: string): never {
  throw releasedError(name || 'callback');
}
