import { Duplex, finished, type Readable } from 'node:stream';
import { isAsyncIterable } from '../../codec/stream-codec.js';
import { isError } from '../../realm.js';
import type { Producer, StepMethod } from './source.js';

type AnyIterator = AsyncIterator<unknown, unknown, unknown> | Iterator<unknown, unknown, unknown>;

/**
 * Produces items from anything that `for await` accepts. Makes the iterator at once, as `for await` does: an Interface of `readline`
 * loses the lines that come before it. A generator runs none of its code before the first item is requested.
 */
export function iteratorProducer(iterable: AsyncIterable<unknown> | Iterable<unknown>): Producer {
  const made = makeIterator(iterable);
  const iterator = (): AnyIterator => {
    if ('failure' in made) throw made.failure;
    return made.iterator;
  };

  const step = async (method: StepMethod, value: unknown): Promise<IteratorResult<unknown>> => {
    const target = iterator();
    if (method === 'next') return target.next(value);
    if (target[method]) return target[method](value);
    // As `yield*` does with an iterator that lacks the method.
    if (method === 'return') return { done: true, value };
    await target.return?.();
    throw value;
  };

  return {
    next: () => iterator().next(),
    step,
    close(_outcome, early) {
      const end = async (): Promise<unknown> => iterator().return?.();
      // A `finally` block may throw, now or later. A running generator throws when it is told to return.
      if (early) end().catch(() => {});
    },
  };
}

function makeIterator(
  iterable: AsyncIterable<unknown> | Iterable<unknown>,
): { iterator: AnyIterator } | { failure: unknown } {
  try {
    return { iterator: isAsyncIterable(iterable) ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]() };
  } catch (failure) {
    return { failure };
  }
}

/** Produces chunks from a stream of this side. */
export function readableProducer(stream: Readable): Producer {
  // The other side gets the error. Without a listener here, it would be uncaught.
  stream.on('error', () => {});
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    // Other code on this side may read the stream to its end, or destroy it.
    watch: (stop) =>
      finished(stream, { writable: false }, (error) => stop({ failed: error != null, value: error ?? undefined })),
    async next() {
      // The writable side of a Duplex may still be in use.
      iterator ??= stream.iterator({ destroyOnReturn: !(stream instanceof Duplex) });
      const result = await iterator.next();
      // Text crosses as bytes, and becomes text again on the other side.
      if (typeof result.value === 'string' && !stream.readableObjectMode) {
        return { done: false, value: Buffer.from(result.value, stream.readableEncoding ?? 'utf8') };
      }
      return result;
    },
    close({ failed, value }, early) {
      if (early) stream.destroy(failed && isError(value) ? value : undefined);
    },
  };
}

export function webReadableProducer(stream: ReadableStream): Producer {
  const reader = stream.getReader() as ReadableStreamDefaultReader<unknown>;
  return {
    watch: (stop) => void reader.closed.catch((error: unknown) => stop({ failed: true, value: error })),
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    close({ value }, early) {
      if (early) reader.cancel(value).catch(() => {});
    },
  };
}
