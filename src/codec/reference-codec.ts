import { ProtocolError } from '../errors.js';
import { isId, isString } from '../field-checks.js';
import type { ReferenceDescription, Wire } from '../protocol.js';
import { markedBy } from './by-reference.js';
import { hasMethods, hasOwnMethod } from './members.js';
import type { Refusal } from './refusals.js';
import * as refusals from './refusals.js';
import type { TransferHandler } from './transfer-handlers.js';
import { isData } from './walk.js';

/** Keeps the objects that cross by reference, and knows each by an id. */
export interface ReferenceExchange {
  /** Whether each object with methods crosses by reference. Otherwise, only those marked by `byReference()` do. */
  readonly isAutomatic: boolean;
  /**
   * @param methods the only methods that may be called. Default: all
   * @throws {ReferenceLimitError} if no more may be exported
   */
  export(value: object, methods: readonly string[] | undefined): ReferenceDescription;
  /** Describes an object of the other side for a message. `undefined` if it was released. */
  sendHome(reference: object): ReferenceDescription | undefined;
  /** Returns the ids of objects exported since the last call. The message must list them in `coded`. */
  takeExported(): string[];
  /** Takes back what was exported since then, because encoding failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id that has not arrived */
  import(description: ReferenceDescription): object;
}

/** The proxies of remote objects, with the exchange that made them. Global, since a process may load two copies of this library. */
const key = Symbol.for('procxy.references');
const references = ((globalThis as { [key]?: WeakMap<object, ReferenceExchange> })[key] ??= new WeakMap());

export function markAsReference(proxy: object, exchange: ReferenceExchange): void {
  references.set(proxy, exchange);
}

/** Carries objects by reference. */
export function referenceHandler(exchange: ReferenceExchange): TransferHandler {
  return {
    name: 'reference',
    takesPlain: exchange.isAutomatic,
    canHandle: (value): value is object =>
      references.has(value) ||
      markedBy(value) !== undefined ||
      (exchange.isAutomatic && (isData(value) ? hasOwnMethod(value) : hasMethods(value))),
    encode(value, context) {
      const owner = references.get(value);
      if (!owner) {
        const marked = markedBy(value);
        return marked ? exchange.export(marked.value, marked.methods) : exchange.export(value, undefined);
      }
      const refuse = ({ what, remedy }: Refusal): never => context.refuse(what, remedy);
      if (owner !== exchange) return refuse(refusals.foreignReference);
      return exchange.sendHome(value) ?? refuse(refusals.releasedReference);
    },
    decode: (wire) => exchange.import(check(wire)),
  };
}

/** For values that are only copied: refuses objects that would cross by reference elsewhere. */
export function refusedReferenceHandler(isAutomatic: boolean): TransferHandler {
  return {
    name: 'reference',
    takesPlain: isAutomatic,
    canHandle: (value): value is object =>
      references.has(value) ||
      markedBy(value) !== undefined ||
      (isAutomatic && (isData(value) ? hasOwnMethod(value) : hasMethods(value))),
    encode: (_value, context) => context.refuse(refusals.copiedReference.what, refusals.copiedReference.remedy),
    decode() {
      throw new ProtocolError('A reference arrived, but this side does not accept references.');
    },
  };
}

/** The first letter of an id distinguishes references from functions. */
export function isReferenceId(id: unknown): id is string {
  return isString(id) && id.startsWith('r');
}

function check(wire: Wire): ReferenceDescription {
  const { id, shape, home } = (wire ?? {}) as { id?: unknown; shape?: unknown; home?: unknown };
  const sound = isReferenceId(id) && (home === true ? shape === undefined : home === undefined && isId(shape));
  if (!sound) throw new ProtocolError('A reference arrived malformed.');
  return wire as ReferenceDescription;
}
