import { ProtocolError } from '../errors.js';
import { isId, isString } from '../field-checks.js';
import type { ReferenceDescription, Wire } from '../protocol.js';
import { markedBy } from './by-reference.js';
import { hasMethods, hasOwnMethod } from './members.js';
import type { Refusal } from './refusals.js';
import * as refusals from './refusals.js';
import type { TransferHandler } from './transfer-handlers.js';
import { isData } from './walk.js';

/** Who keeps the objects that go by reference, and knows each by an id. */
export interface ReferenceExchange {
  /** Whether each object with methods goes by reference. Otherwise only those do that `byReference()` has marked. */
  readonly isAutomatic: boolean;
  /**
   * @param methods the only ones that may be called; left out: all
   * @throws {ReferenceLimitError} when no more may be exported
   */
  export(value: object, methods: readonly string[] | undefined): ReferenceDescription;
  /** What stands in a message for an object of the other side; `undefined` where it was let go of. */
  sendHome(reference: object): ReferenceDescription | undefined;
  /** The ids of what has been exported since the last time, which the message must name. */
  takeExported(): string[];
  /** What was exported since then stays here: the encoding has failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id under which none has arrived */
  import(description: ReferenceDescription): object;
}

/** What stands here for objects of another process, with the exchange that made it. Global, since one process may load two copies. */
const key = Symbol.for('procxy.references');
const references = ((globalThis as { [key]?: WeakMap<object, ReferenceExchange> })[key] ??= new WeakMap());

export function markAsReference(proxy: object, exchange: ReferenceExchange): void {
  references.set(proxy, exchange);
}

/** Carries objects that stay where they are. */
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

/** For values that are only copied: what would be a reference elsewhere is refused. */
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
      throw new ProtocolError('A reference arrived where none is taken.');
    },
  };
}

/** Ids of references are told from those of functions by their first letter. */
export function isReferenceId(id: unknown): id is string {
  return isString(id) && id.startsWith('r');
}

function check(wire: Wire): ReferenceDescription {
  const { id, shape, home } = (wire ?? {}) as { id?: unknown; shape?: unknown; home?: unknown };
  const sound = isReferenceId(id) && (home === true ? shape === undefined : home === undefined && isId(shape));
  if (!sound) throw new ProtocolError('A reference arrived malformed.');
  return wire as ReferenceDescription;
}
