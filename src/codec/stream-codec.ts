import { Duplex, Readable, Stream, Writable } from 'node:stream';
import { types } from 'node:util';
import { ProtocolError } from '../errors.js';
import { isId } from '../field-checks.js';
import type { StreamDescription, Wire } from '../protocol.js';
import { isReadableStream, isWritableStream } from '../realm.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Values that cross piece by piece. */
export type Streamable =
  | { kind: 'iterator'; value: AsyncIterable<unknown> | Iterable<unknown> }
  | { kind: 'readable'; value: Readable }
  | { kind: 'writable'; value: Writable }
  | { kind: 'duplex'; value: Duplex }
  | { kind: 'readable-stream'; value: ReadableStream }
  | { kind: 'writable-stream'; value: WritableStream };

/** Who moves what streams hold, and knows each by an id. */
export interface StreamExchange {
  export(streamable: Streamable): StreamDescription;
  /** The ids of what has been exported since the last time, which the message must name. */
  takeExported(): number[];
  /** What was exported since then stays here, untouched: the encoding has failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id under which none has arrived */
  import(description: StreamDescription): object;
}

/** Carries streams, and what can be iterated over asynchronously. Without an exchange it only says how they cross. */
export function streamHandler(exchange: StreamExchange | undefined): TransferHandler {
  return {
    name: 'stream',
    canHandle: (value): value is object => classify(value) !== undefined,
    encode(value, context) {
      const streamable = classify(value) as Streamable;
      const { kind } = streamable;
      if (!exchange)
        return context.refuse(`a ${kind}, which is no data`, 'Return it from a method, or read it by $get().');
      // A part that may be lost, a property of an error: it must not cost its owner a stream.
      if (context.isOptional) return context.refuse(`a ${kind}, which would be lost here`, 'Pass it as an argument.');
      const used = whyUsed(streamable);
      if (used)
        return context.refuse(
          `a ${kind} that ${used}`,
          'A stream has one reader and one writer: pass it on before it is used.',
        );
      return exchange.export(streamable);
    },
    decode(wire) {
      if (!exchange) throw new ProtocolError('A stream arrived where none is taken.');
      return exchange.import(check(wire));
    },
  };
}

export function classify(value: object): Streamable | undefined {
  if (value instanceof Duplex) return { kind: 'duplex', value };
  if (value instanceof Readable) return { kind: 'readable', value };
  if (value instanceof Writable || isOutgoing(value)) return { kind: 'writable', value };
  if (isReadableStream(value)) return { kind: 'readable-stream', value };
  if (isWritableStream(value)) return { kind: 'writable-stream', value };
  // The promise that a call returns must be awaited first.
  if (isAsyncIterable(value) && !types.isPromise(value)) return { kind: 'iterator', value };
  if (isIterable(value) && isIterator(value) && !isCollection(value)) return { kind: 'iterator', value };
  return undefined;
}

/** Whether it is a response or request of HTTP that is being written: these are Writables in all but their class. */
function isOutgoing(value: object): value is Writable {
  const isFunction = (name: 'write' | 'end' | 'destroy'): boolean =>
    typeof (value as Partial<Writable>)[name] === 'function';
  return (
    value instanceof Stream &&
    !('readable' in value) &&
    isFunction('write') &&
    isFunction('end') &&
    isFunction('destroy')
  );
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

/** Whether a value makes its items itself: a generator, `map.values()`, the cursor of a database. */
export function isIterator(value: object): value is Iterator<unknown, unknown, unknown> {
  return typeof (value as Partial<Iterator<unknown>>).next === 'function';
}

/** Collections are data, even those of a subclass that has a method `next`. */
function isCollection(value: object): boolean {
  return types.isMap(value) || types.isSet(value) || ArrayBuffer.isView(value);
}

/** Streams that have been passed to another process, and have their one reader or writer there. */
const passedOn = new WeakSet<object>();

/** To be called when it is certain that the value crosses. An iterable that makes a new iterator each time is not used up. */
export function markPassedOn(value: object): void {
  if (!isAsyncIterable(value) || value instanceof Readable || isIterator(value)) passedOn.add(value);
}

/** Completes "a readable that …". */
function whyUsed({ kind, value }: Streamable): string | undefined {
  if (passedOn.has(value)) return 'has been passed on before';
  if (kind === 'readable-stream' || kind === 'writable-stream') return value.locked ? 'is locked' : undefined;
  return undefined;
}

function check(wire: Wire): StreamDescription {
  const { kind, ...rest } = (wire ?? {}) as { kind?: unknown };
  if (kind === 'duplex') {
    const { readable, writable } = rest as { readable?: unknown; writable?: unknown };
    if (isSide(readable) && isSide(writable)) return wire as StreamDescription;
  } else if (kind === 'readable' || kind === 'writable') {
    if (isSide(rest)) return wire as StreamDescription;
  } else if (kind === 'iterator' || kind === 'readable-stream' || kind === 'writable-stream') {
    if (isId((rest as { id?: unknown }).id)) return wire as StreamDescription;
  }
  throw new ProtocolError('A stream arrived malformed.');
}

function isSide(side: unknown): boolean {
  const { id, objectMode, encoding } = (side ?? {}) as { id?: unknown; objectMode?: unknown; encoding?: unknown };
  return (
    isId(id) && typeof objectMode === 'boolean' && (encoding === undefined || Buffer.isEncoding(encoding as string))
  );
}
