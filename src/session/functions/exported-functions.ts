import { AsyncResource } from 'node:async_hooks';
import { isSync } from '../../codec/sync-mark.js';
import type { UntypedFunction } from '../../types/any-function.js';
import { CallbackLimitError } from '../../errors.js';
import type { CallbackDescriptor } from '../../protocol.js';
import { ExportTable, type Exported } from '../lifetimes/export-table.js';
import { functionId } from './function-id.js';

/** A function of this side that the other side holds. */
export interface ExportedFunction extends Exported<UntypedFunction> {
  readonly name: string;
  readonly sync: boolean;
  /** The value of `this` when it is called: the object that it last crossed in as a method. */
  receiver: object | undefined;
  /** The asynchronous context in which it was last passed. It runs there, so that `AsyncLocalStorage` works. */
  context: AsyncResource;
}

/** A placeholder until `export()` sets the function's own context. */
const unused = new AsyncResource('PROCXY_FUNCTION');

/** The functions of this side by the ids that the other side knows. */
export class ExportedFunctions extends ExportTable<UntypedFunction, ExportedFunction> {
  constructor(limit: number) {
    super({ limit, noun: 'function', limitError });
  }

  /** @throws {CallbackLimitError} */
  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor {
    const entry = this.exportValue(fn, () => entryFor(fn));
    entry.receiver = receiver;
    entry.context = new AsyncResource('PROCXY_FUNCTION');
    const meta: CallbackDescriptor['__procxy_meta'] = { type: 'function', arity: arityOf(fn), name: entry.name };
    if (entry.sync) meta.sync = true;
    return { __procxy_callback: entry.id, __procxy_meta: meta };
  }

  override release(fn: UntypedFunction): ExportedFunction | undefined {
    const entry = super.release(fn);
    if (entry) entry.receiver = undefined;
    return entry;
  }
}

function entryFor(fn: UntypedFunction): ExportedFunction {
  return {
    id: functionId(),
    value: fn,
    name: nameOf(fn),
    sync: isSync(fn),
    receiver: undefined,
    context: unused,
    sent: 0,
  };
}

function limitError(limit: number): CallbackLimitError {
  return new CallbackLimitError(
    `The other process holds ${limit} functions of this one, the most that \`maxCallbacks\` allows, and still uses all of them. ` +
      'Raise the limit, or release some functions with $releaseCallback().',
  );
}

/** User code may have redefined a function's `name` and `length` with any value. */
function nameOf(fn: UntypedFunction): string {
  return typeof fn.name === 'string' ? fn.name : '';
}

function arityOf(fn: UntypedFunction): number {
  return Number.isInteger(fn.length) && fn.length >= 0 ? fn.length : 0;
}
