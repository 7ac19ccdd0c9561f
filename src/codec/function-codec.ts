import { types } from 'node:util';
import { ProtocolError } from '../errors.js';
import type { CallbackDescriptor, Wire } from '../protocol.js';
import { isMark } from '../field-checks.js';
import type { UntypedFunction } from '../types/any-function.js';
import * as refusals from './refusals.js';
import { originalOf } from './sanitize.js';
import { isSync } from './sync-mark.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Who keeps the functions that cross, and knows each by an id. */
export interface FunctionExchange {
  /** Whether functions marked by `sync()` may go this way: from a parent to its child only. */
  readonly mayExportSync: boolean;
  /**
   * @param receiver the object that the function is a method of
   * @throws {CallbackLimitError} when no more may be exported
   */
  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor;
  /** The ids of what has been exported since the last time, which the message must name. */
  takeExported(): string[];
  /** What was exported since then stays here: the encoding has failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id under which none has arrived */
  import(descriptor: CallbackDescriptor): UntypedFunction;
}

/**
 * Carries functions. Without an exchange it takes none.
 * @param refusal what it says then
 */
export function functionHandler(exchange: FunctionExchange | undefined, refusal = refusals.func): TransferHandler {
  return {
    name: 'function',
    describesItself: true,
    canHandle: (value): value is UntypedFunction => typeof value === 'function',
    encode(value, context) {
      const refuse = ({ what, remedy }: refusals.Refusal): never => context.refuse(what, remedy);
      if (!exchange) return refuse(refusal);
      if (isClass(value)) return refuse(refusals.classItself);
      if (isSync(value) && !exchange.mayExportSync) return refuse(refusals.syncFromChild);
      const { container } = context;
      return exchange.export(value as UntypedFunction, hasMethods(container) ? originalOf(container) : undefined);
    },
    decode(wire) {
      if (!exchange) throw new ProtocolError('A function arrived where none is taken.');
      return exchange.import(check(wire));
    },
  };
}

function hasMethods(container: object | undefined): container is object {
  return container !== undefined && !Array.isArray(container) && !types.isMap(container) && !types.isSet(container);
}

/** Only classes, and the language's own constructors, have a `prototype` that cannot be replaced. */
function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}

/** No function of any use has more parameters. */
const MAX_ARITY = 2 ** 16;

function check(wire: Wire): CallbackDescriptor {
  const { __procxy_meta: meta } = wire as Partial<CallbackDescriptor>;
  const sound =
    typeof meta === 'object' &&
    meta !== null &&
    typeof meta.name === 'string' &&
    Number.isInteger(meta.arity) &&
    meta.arity >= 0 &&
    meta.arity <= MAX_ARITY &&
    isMark(meta.sync) &&
    isMark(meta.home);
  if (!sound) throw new ProtocolError('A function arrived malformed.');
  return wire as CallbackDescriptor;
}
