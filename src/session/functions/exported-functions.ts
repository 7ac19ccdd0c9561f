import { v4 as uuid } from 'uuid';
import { AsyncResource } from 'node:async_hooks';
import { isSync } from '../../codec/sync-mark.js';
import type { UntypedFunction } from '../../types/any-function.js';
import { CallbackLimitError, ProtocolError } from '../../errors.js';
import type { CallbackDescriptor } from '../../protocol.js';

/** A function of this side that the other side holds. */
export interface Exported {
  /** `undefined` when it was let go of while the other side still holds it. */
  fn: UntypedFunction | undefined;
  readonly name: string;
  readonly sync: boolean;
  /** What it is called on: the object of which it last crossed as a method. */
  receiver: object | undefined;
  /** The asynchronous context in which it was passed last, and in which it runs: that of an `AsyncLocalStorage`, for example. */
  context: AsyncResource;
  /** In how many messages it has gone out that the other side has not accounted for. */
  sent: number;
}

/** Until a function has one of its own, in the same turn. */
const unused = new AsyncResource('PROCXY_FUNCTION');

/** The owner's registry: the real functions, each under the id that the other side knows it by. */
export class ExportedFunctions {
  readonly #byId = new Map<string, Exported>();
  readonly #ids = new WeakMap<UntypedFunction, string>();
  /** Exported by the message that is being encoded. */
  readonly #pending = new Set<string>();
  readonly #limit: number;
  #live = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Without those that were let go of. */
  get size(): number {
    return this.#live;
  }

  /** @throws {CallbackLimitError} */
  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor {
    const id = this.#ids.get(fn) ?? this.#add(fn);
    const entry = this.#byId.get(id) as Exported;
    entry.receiver = receiver;
    entry.context = new AsyncResource('PROCXY_FUNCTION');
    this.#pending.add(id);
    const meta: CallbackDescriptor['__procxy_meta'] = { type: 'function', arity: arityOf(fn), name: entry.name };
    if (entry.sync) meta.sync = true;
    return { __procxy_callback: id, __procxy_meta: meta };
  }

  takePending(): string[] {
    const ids = [...this.#pending];
    this.#pending.clear();
    for (const id of ids) (this.#byId.get(id) as Exported).sent++;
    return ids;
  }

  discardPending(): void {
    for (const id of this.#pending) if (this.#byId.get(id)?.sent === 0) this.#forget(id);
    this.#pending.clear();
  }

  /** @throws {ProtocolError} for an id that the other side was not given */
  get(id: string): Exported {
    const entry = this.#byId.get(id);
    if (!entry) throw new ProtocolError(`A function was named that was never handed out: ${id}.`);
    return entry;
  }

  /** The other side has accounted for `count` messages. @throws {ProtocolError} when there were fewer */
  giveBack(id: string, count: number): void {
    const entry = this.get(id);
    if (count > entry.sent) throw new ProtocolError(`The function ${id} was given back more often than it was sent.`);
    entry.sent -= count;
    if (entry.sent === 0) this.#forget(id);
  }

  /** Lets go of a function that the other side may still hold. Returns its id, if it has one. */
  release(fn: UntypedFunction): string | undefined {
    const id = this.#ids.get(fn);
    if (id === undefined) return undefined;
    const entry = this.#byId.get(id) as Exported;
    entry.fn = undefined;
    entry.receiver = undefined;
    this.#ids.delete(fn);
    this.#live--;
    return id;
  }

  clear(): void {
    for (const { fn } of this.#byId.values()) if (fn) this.#ids.delete(fn);
    this.#byId.clear();
    this.#live = 0;
  }

  #add(fn: UntypedFunction): string {
    if (this.#live >= this.#limit) {
      throw new CallbackLimitError(
        `The other process holds ${this.#limit} functions of this one, as many as \`maxCallbacks\` allows, and gives none of them back. ` +
          'Raise it, or let go of some by $releaseCallback().',
      );
    }
    const id = uuid();
    this.#byId.set(id, { fn, name: nameOf(fn), sync: isSync(fn), receiver: undefined, context: unused, sent: 0 });
    this.#ids.set(fn, id);
    this.#live++;
    return id;
  }

  #forget(id: string): void {
    const { fn } = this.#byId.get(id) as Exported;
    this.#byId.delete(id);
    if (!fn) return;
    this.#ids.delete(fn);
    this.#live--;
  }
}

/** A function may have any property under these names. */
function nameOf(fn: UntypedFunction): string {
  return typeof fn.name === 'string' ? fn.name : '';
}

function arityOf(fn: UntypedFunction): number {
  return Number.isInteger(fn.length) && fn.length >= 0 ? fn.length : 0;
}
