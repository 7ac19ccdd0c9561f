import { Duplex, type Readable } from 'node:stream';
import { isAsyncIterable } from '../../codec/stream-codec.js';
import { describeReason, isProcxyError } from '../../errors.js';
import type { StreamOutcome, Producer, StepMethod } from './source.js';

type AnyIterator = AsyncIterator<unknown, unknown, unknown> | Iterator<unknown, unknown, unknown>;

/** Items of whatever `for await` takes. Nothing of it runs before the first is asked for. */
export function iteratorProducer(iterable: AsyncIterable<unknown> | Iterable<unknown>): Producer {
  let started: AnyIterator | undefined;
  const iterator = (): AnyIterator =>
    (started ??= isAsyncIterable(iterable) ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]());

  const step = async (method: StepMethod, value: unknown): Promise<IteratorResult<unknown>> => {
    const target = iterator();
    if (method === 'next') return target.next(value);
    if (target[method]) return target[method](value);
    // As `yield*` does with an iterator that has no such method.
    if (method === 'return') return { done: true, value };
    await target.return?.();
    throw value;
  };

  return {
    next: () => iterator().next(),
    step,
    close(_outcome, early) {
      // An iterator that never ran has nothing to clean up, and making one may do much.
      // A generator's `finally` may throw, at once or later, and one that runs just now refuses.
      const end = async (): Promise<unknown> => started?.return?.();
      if (early) end().catch(() => {});
    },
  };
}

/** Chunks of a stream that is read here. */
export function readableProducer(stream: Readable): Producer {
  // An error is seen by the other side, when it asks; nobody else listens for it.
  stream.on('error', () => {});
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    async next() {
      // The other side of a Duplex may go on.
      iterator ??= stream.iterator({ destroyOnReturn: !(stream instanceof Duplex) });
      const result = await iterator.next();
      // As bytes, of which the other side makes text again.
      if (typeof result.value === 'string' && !stream.readableObjectMode) {
        return { done: false, value: Buffer.from(result.value, stream.readableEncoding ?? 'utf8') };
      }
      return result;
    },
    close({ failed, value }, early) {
      if (early) stream.destroy(failed && value instanceof Error ? value : undefined);
    },
  };
}

export function webReadableProducer(stream: ReadableStream): Producer {
  const reader = stream.getReader() as ReadableStreamDefaultReader<unknown>;
  // It is seen by who reads.
  reader.closed.catch(() => {});
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    close({ value }, early) {
      if (early) reader.cancel(value).catch(() => {});
    },
  };
}

export type Taken = (error?: Error) => void;

/** Who is told that the other side wants no more: whoever uses the stream, who listens for errors, or nobody. */
export type Audience = 'all' | 'listeners' | 'nobody';

interface Written {
  chunk: unknown;
  /** To be called when there was room for it, and it has been written; or with the error that it never will be. */
  taken: Taken;
}

interface Waiter {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

type End = IteratorResult<unknown>;

/** What is written to the stand-in of a writable stream of the other side. */
export class WriteQueue implements Producer {
  readonly #queue: Written[] = [];
  readonly #onWaiting: (waiting: boolean) => void;
  /** Those that were taken, and may not be changed yet. */
  readonly #underway: Taken[] = [];
  /** Who waits for the next chunk. */
  #waiter: Waiter | undefined;
  #end: End | undefined;
  #failure: { error: unknown } | undefined;
  #closed: StreamOutcome | undefined;
  #onFinish: ((outcome: StreamOutcome) => void) | undefined;
  #onFail: (error: unknown) => void = () => {};
  #onEarlyClose: (error: Error, audience: Audience) => void = () => {};
  /** Why nothing can be written any more. */
  #lost: Error | undefined;

  /** @param onWaiting called when something written here begins to wait for the other side, and when nothing does any more */
  constructor(onWaiting: (waiting: boolean) => void) {
    this.#onWaiting = onWaiting;
  }

  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
    const written = this.#queue.shift();
    if (written) {
      this.#underway.push(written.taken);
      return { done: false, value: written.chunk };
    }
    if (this.#failure) throw this.#failure.error;
    if (this.#end) return this.#end;
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  write(chunk: unknown, taken: Taken): void {
    if (this.#lost) return taken(this.#lost);
    this.#onWaiting(true);
    const waiter = this.#takeWaiter();
    if (waiter) {
      this.#underway.push(taken);
      waiter.resolve({ done: false, value: chunk });
    } else this.#queue.push({ chunk, taken });
  }

  sent(): void {
    const taken = this.#underway.shift();
    // A large one goes out as the other side has room.
    if (this.#queue.length + this.#underway.length === 0 && !this.#end) this.#onWaiting(false);
    taken?.();
  }

  /** Nothing will be written any more. */
  end(): void {
    this.#onWaiting(true);
    this.#end = { done: true, value: undefined };
    this.#takeWaiter()?.resolve(this.#end);
  }

  /** What was written and not taken is lost, as when a stream is destroyed. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.#failure = { error };
    this.#lose(toError(error));
    this.#onFail(error);
    this.#takeWaiter()?.reject(error);
  }

  close(outcome: StreamOutcome, early: boolean): void {
    this.#closed = outcome;
    this.#onWaiting(false);
    const isIdle = this.#queue.length + this.#underway.length === 0;
    const audience = isIdle ? audienceOf(outcome) : 'all';
    const error = closeError(outcome);
    this.#lose(error);
    if (!early || this.#onFinish) this.#onFinish?.(outcome);
    // What was given up here is known here.
    else if (!this.#failure) this.#onEarlyClose(error, audience);
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const { taken } of this.#queue.splice(0)) taken(error);
    for (const taken of this.#underway.splice(0)) taken(error);
  }

  /** Sets who is told when what is written here breaks off. */
  onFail(listener: (error: unknown) => void): void {
    this.#onFail = listener;
  }

  /** Sets who is told when the other side has done with all, or has failed to. */
  onFinish(listener: (outcome: StreamOutcome) => void): void {
    if (this.#closed) listener(this.#closed);
    else this.#onFinish = listener;
  }

  /** Sets what is done when the other side wants no more. */
  onEarlyClose(listener: (error: Error, audience: Audience) => void): void {
    this.#onEarlyClose = listener;
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }
}

/** For a stream to which nothing was being written. */
function audienceOf({ failed, value }: StreamOutcome): Audience {
  // Its owner has ended it.
  if (!failed) return 'nobody';
  // The end of all is no failure of this stream.
  return isProcxyError(value) ? 'listeners' : 'all';
}

function closeError({ failed, value }: StreamOutcome): Error {
  if (failed && value instanceof Error) return value;
  return new Error('The stream was closed in the other process before all was written.', { cause: value });
}

/** Whatever the other side has thrown, which may be what no text can be made of. */
export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(describeReason(value), { cause: value });
}
