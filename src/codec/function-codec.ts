import { types } from 'node:util';
import { ProtocolError } from '../errors.js';
import type { CallbackDescriptor, Wire } from '../protocol.js';
import { isMark } from '../field-checks.js';
import type { UntypedFunction } from '../types/any-function.js';
import * as refusals from './refusals.js';
import { originalOf } from './sanitize.js';
import { isSync } from './sync-mark.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Keeps the functions that cross, and knows each by an id. */
export interface FunctionExchange {
  /** Whether functions marked by `sync()` may be exported. Only a parent may export them, to its child. */
  readonly mayExportSync: boolean;
  /**
   * @param receiver the object that the function is a method of
   * @throws {CallbackLimitError} if no more may be exported
   */
  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor;
  /** Returns the ids of functions exported since the last call. The message must list them in `coded`. */
  takeExported(): string[];
  /** Takes back what was exported since then, because encoding failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id that has not arrived */
  import(descriptor: CallbackDescriptor): UntypedFunction;
}

/**
 * Carries functions. Without an exchange, refuses them.
 * @param refusal the reason it then gives
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
      if (!exchange) throw new ProtocolError('A function arrived, but this side does not accept functions.');
      return exchange.import(check(wire));
    },
  };
}

function hasMethods(container: object | undefined): container is object {
  return container !== undefined && !Array.isArray(container) && !types.isMap(container) && !types.isSet(container);
}

/** Only classes and built-in constructors have a read-only `prototype`. */
function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}

/** The most parameters that a function may claim to have. */
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
