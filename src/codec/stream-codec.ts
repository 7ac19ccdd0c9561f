import { Duplex, Readable, Stream, Writable } from 'node:stream';
import { types } from 'node:util';
import { ProtocolError } from '../errors.js';
import { isId } from '../field-checks.js';
import type { StreamDescription, Wire } from '../protocol.js';
import { isReadableStream, isWritableStream } from '../realm.js';
import { isMoreThanIterator } from './members.js';
import type { TransferHandler } from './transfer-handlers.js';

/** Values whose content crosses piece by piece. */
export type Streamable =
  | { kind: 'iterator'; value: AsyncIterable<unknown> | Iterable<unknown> }
  | { kind: 'readable'; value: Readable }
  | { kind: 'writable'; value: Writable }
  | { kind: 'duplex'; value: Duplex }
  | { kind: 'readable-stream'; value: ReadableStream }
  | { kind: 'writable-stream'; value: WritableStream };

/** Moves the content of streams, and knows each stream by an id. */
export interface StreamExchange {
  export(streamable: Streamable): StreamDescription;
  /** Returns the ids of streams exported since the last call. The message must list them in `coded`. */
  takeExported(): number[];
  /** Takes back, untouched, what was exported since then, because encoding failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id that has not arrived */
  import(description: StreamDescription): object;
}

/**
 * Carries streams and asynchronous iterables. Without an exchange, refuses them and says how they can cross.
 * @param leavesCursors leaves objects with methods besides those of an iterator, such as cursors of a database, to other handlers
 */
export function streamHandler(exchange: StreamExchange | undefined, leavesCursors = false): TransferHandler {
  return {
    name: 'stream',
    canHandle(value): value is object {
      const kind = classify(value)?.kind;
      return kind !== undefined && !(leavesCursors && kind === 'iterator' && isMoreThanIterator(value));
    },
    encode(value, context) {
      const streamable = classify(value) as Streamable;
      const { kind } = streamable;
      if (!exchange)
        return context.refuse(`a ${kind}, which is not data`, 'Return it from a method, or read it with $get().');
      // An optional part, such as a property of an error, may be dropped. The sender must not lose its stream then.
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
      if (!exchange) throw new ProtocolError('A stream arrived, but this side does not accept streams.');
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
  // The promise that a call returns is asynchronously iterable, but must be awaited first.
  if (isAsyncIterable(value) && !types.isPromise(value)) return { kind: 'iterator', value };
  if (isIterable(value) && isIterator(value) && !isCollection(value)) return { kind: 'iterator', value };
  return undefined;
}

/** Whether a value is an outgoing HTTP request or response. They behave like a Writable, but do not extend it. */
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

/** Whether a value is itself an iterator, such as a generator, `map.values()` or a database cursor. */
function isIterator(value: object): value is Iterator<unknown, unknown, unknown> {
  return typeof (value as Partial<Iterator<unknown>>).next === 'function';
}

/** Collections are data, even those of a subclass that has a method `next`. */
function isCollection(value: object): boolean {
  return types.isMap(value) || types.isSet(value) || ArrayBuffer.isView(value);
}

/** Streams that were passed to another process, where they have their only reader or writer. */
const passedOn = new WeakSet<object>();

/** Call it when it is certain that the value crosses. An iterable that makes a new iterator each time can be passed again. */
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
