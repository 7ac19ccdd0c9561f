import { Duplex, Readable, Writable } from 'node:stream';
import { Reading } from './reading.js';
import { toError } from './to-error.js';
import { whenHeard } from './when-heard.js';
import type { WriteQueue } from './write-queue.js';
import type { Sink } from './sink.js';

/**
 * The stand-ins for Node streams of the other side. The session holds the ends beneath them, but never the stand-ins themselves.
 * So an unused stand-in can be collected, which ends the real stream.
 */

/** Bytes that the stand-in for a writable stream buffers before they are sent. They may travel in one frame. */
const HIGH_WATER_MARK = 128 * 1024;

interface StreamSide {
  objectMode: boolean;
  encoding?: string;
}

export function remoteReadable(sink: Sink, { objectMode, encoding }: StreamSide): Readable {
  const reading = new Reading(sink);
  const stream = new Readable({
    objectMode,
    read: () => reading.read(stream),
    destroy(error, callback) {
      closeSink(sink, error);
      callback(error);
    },
  });
  if (encoding !== undefined) stream.setEncoding(encoding as BufferEncoding);
  reading.watch(stream);
  return stream;
}

export function remoteWritable(queue: WriteQueue, { objectMode }: StreamSide): Writable {
  const stream = new Writable({
    objectMode,
    ...(!objectMode && { highWaterMark: HIGH_WATER_MARK }),
    write: (chunk, _encoding, callback) => queue.write(chunk, callback),
    final: (callback) => finish(queue, callback),
    destroy(error, callback) {
      failQueue(queue, error);
      callback(error);
    },
  });
  closeEarly(queue, stream);
  return stream;
}

export function remoteDuplex(sink: Sink, queue: WriteQueue, readable: StreamSide, writable: StreamSide): Duplex {
  const { encoding } = readable;
  const reading = new Reading(sink);
  const stream = new Duplex({
    ...(!writable.objectMode && { writableHighWaterMark: HIGH_WATER_MARK }),
    readableObjectMode: readable.objectMode,
    writableObjectMode: writable.objectMode,
    read: () => reading.read(stream),
    write: (chunk, _encoding, callback) => queue.write(chunk, callback),
    final: (callback) => finish(queue, callback),
    destroy(error, callback) {
      closeSink(sink, error);
      failQueue(queue, error);
      callback(error);
    },
  });
  if (encoding !== undefined) stream.setEncoding(encoding as BufferEncoding);
  reading.watch(stream);
  closeEarly(queue, stream);
  return stream;
}

function closeSink(sink: Sink, error: Error | null): void {
  sink.close({ failed: error !== null, value: error ?? undefined });
}

function failQueue(queue: WriteQueue, error: Error | null): void {
  queue.fail(error ?? new Error('The stream was destroyed before its end.'));
}

/** Ends a queue, and calls back when the other side has handled all of it. */
function finish(queue: WriteQueue, callback: (error?: Error | null) => void): void {
  queue.onFinish(({ failed, value }) => callback(failed ? toError(value) : null));
  queue.end();
}

/** Ends or destroys the stand-in when the other side accepts no more. */
function closeEarly(queue: WriteQueue, stream: Writable): void {
  const weak = new WeakRef(stream);
  queue.onEarlyClose((error, urgency) => {
    const target = weak.deref();
    if (!target) return;
    switch (urgency) {
      case 'now':
        return void target.destroy(error);
      case 'when-heard':
        return whenHeard(target, 'error', () => target.destroy(error));
      case 'if-heard':
        return void target.destroy(target.listenerCount('error') > 0 ? error : undefined);
      case 'never':
        // Not destroyed: the readable side of a Duplex continues.
        return void target.end();
    }
  });
}
