import { Duplex, Readable, Writable } from 'node:stream';
import { toError, type WriteQueue } from './producers.js';
import type { Sink } from './sink.js';

/**
 * What stands here for streams of the other side. The session holds the ends beneath and never these, so that one that nobody
 * uses any more can be collected, and ended over there.
 */

/** What the stand-in of a writable takes before it has been sent, in bytes: so much may go in one frame. */
const HIGH_WATER_MARK = 128 * 1024;

interface StreamSide {
  objectMode: boolean;
  encoding?: string;
}

type Callback = (error?: Error | null) => void;

export function remoteReadable(sink: Sink, { objectMode, encoding }: StreamSide): Readable {
  const stream = new Readable({
    objectMode,
    read: () => readInto(stream, sink),
    destroy(error, callback) {
      closeSink(sink, error);
      callback(error);
    },
  });
  if (encoding !== undefined) stream.setEncoding(encoding as BufferEncoding);
  return stream;
}

export function remoteWritable(queue: WriteQueue, { objectMode }: StreamSide): Writable {
  const finish = finisher(queue);
  const stream = new Writable({
    objectMode,
    ...(!objectMode && { highWaterMark: HIGH_WATER_MARK }),
    write: (chunk, _encoding, callback) => queue.write(chunk, callback),
    final: finish,
    destroy(error, callback) {
      queue.fail(error ?? new Error('The stream was destroyed before its end.'));
      callback(error);
    },
  });
  return endWith(queue, stream);
}

export function remoteDuplex(sink: Sink, queue: WriteQueue, readable: StreamSide, writable: StreamSide): Duplex {
  const { encoding } = readable;
  const stream = new Duplex({
    ...(!writable.objectMode && { writableHighWaterMark: HIGH_WATER_MARK }),
    readableObjectMode: readable.objectMode,
    writableObjectMode: writable.objectMode,
    read: () => readInto(stream, sink),
    write: (chunk, _encoding, callback) => queue.write(chunk, callback),
    final: finisher(queue),
    destroy(error, callback) {
      closeSink(sink, error);
      queue.fail(error ?? new Error('The stream was destroyed before its end.'));
      callback(error);
    },
  });
  if (encoding !== undefined) stream.setEncoding(encoding as BufferEncoding);
  return endWith(queue, stream);
}

export function remoteReadableStream(sink: Sink): ReadableStream {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await sink.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => sink.close({ failed: true, value: reason }),
    },
    // What waits here waits in the sink already.
    { highWaterMark: 0 },
  );
}

export function remoteWritableStream(queue: WriteQueue): WritableStream {
  const finish = finisher(queue);
  return new WritableStream({
    start(controller) {
      const weak = new WeakRef(controller);
      // Not in the types of Node 20's global.
      const { signal } = controller as unknown as { signal: AbortSignal };
      // `abort` below is called only when the write under way has settled.
      signal.addEventListener('abort', () => queue.fail(signal.reason));
      queue.onEarlyClose((error) => weak.deref()?.error(error));
    },
    write: (chunk) =>
      new Promise<void>((resolve, reject) => queue.write(chunk, (error) => (error ? reject(error) : resolve()))),
    close: () => new Promise<void>((resolve, reject) => finish((error) => (error ? reject(error) : resolve()))),
    abort: (reason) => queue.fail(reason),
  });
}

function readInto(stream: Readable, sink: Sink): void {
  sink.next().then(
    ({ done, value }) => {
      if (!stream.destroyed) stream.push(done ? null : value);
    },
    (error: unknown) => stream.destroy(toError(error)),
  );
}

function closeSink(sink: Sink, error: Error | null): void {
  sink.close({ failed: error !== null, value: error ?? undefined });
}

/** Ends a queue, and waits until the other side has done with all of it. */
function finisher(queue: WriteQueue): (callback: Callback) => void {
  return (callback) => {
    queue.onFinish(({ failed, value }) => callback(failed ? toError(value) : null));
    queue.end();
  };
}

/** A writable that the other side gives up is destroyed here too, and one that its owner ends is ended. */
function endWith<T extends Writable | Duplex>(queue: WriteQueue, stream: T): T {
  const weak = new WeakRef(stream);
  queue.onEarlyClose((error, audience) => {
    const target = weak.deref();
    // What is read from a Duplex goes on.
    if (audience === 'nobody') return void target?.end();
    const isTold = audience === 'all' || (audience === 'listeners' && target && target.listenerCount('error') > 0);
    target?.destroy(isTold ? error : undefined);
  });
  return stream;
}
