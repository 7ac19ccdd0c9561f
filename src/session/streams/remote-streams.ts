import { Duplex, Readable, Writable } from 'node:stream';
import { webStreams } from '../../realm.js';
import { toError } from './to-error.js';
import type { WriteQueue } from './write-queue.js';
import type { Sink } from './sink.js';

/**
 * The stand-ins for streams of the other side. The session holds the ends beneath them and never the stand-ins themselves:
 * an unused one is collected, and then the real stream is ended.
 */

/** Bytes that the stand-in of a writable takes before they have been sent. They may travel in one frame. */
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
  const { ReadableStream } = webStreams();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await sink.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => sink.close({ failed: true, value: reason }),
    },
    // The sink holds items already: nothing is buffered twice.
    { highWaterMark: 0 },
  );
}

export function remoteWritableStream(queue: WriteQueue): WritableStream {
  const finish = finisher(queue);
  const { WritableStream } = webStreams();
  return new WritableStream({
    start(controller) {
      const weak = new WeakRef(controller);
      // Not in the types of Node 20's global.
      const { signal } = controller as unknown as { signal: AbortSignal };
      // `abort` below is called only after the write under way has settled.
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

/** Makes a function that ends a queue, and calls back when the other side has dealt with all of it. */
function finisher(queue: WriteQueue): (callback: Callback) => void {
  return (callback) => {
    queue.onFinish(({ failed, value }) => callback(failed ? toError(value) : null));
    queue.end();
  };
}

/** Destroys the stand-in when the other side gives the stream up, and ends it when the stream's owner has ended it. */
function endWith<T extends Writable | Duplex>(queue: WriteQueue, stream: T): T {
  const weak = new WeakRef(stream);
  queue.onEarlyClose((error, audience) => {
    const target = weak.deref();
    // The readable side of a Duplex goes on.
    if (audience === 'nobody') return void target?.end();
    const isTold = audience === 'all' || (audience === 'listeners' && target && target.listenerCount('error') > 0);
    target?.destroy(isTold ? error : undefined);
  });
  return stream;
}
