import { finished, type Writable } from 'node:stream';
import type { Sink } from './sink.js';

/** Writes what comes to a stream of this side, and says over there how that went. */
export async function writeAll(sink: Sink, stream: Writable): Promise<void> {
  let failure: { error: unknown } | undefined;
  const stopWatching = finished(stream, { readable: false }, (error) => {
    if (error) sink.close({ failed: true, value: error });
  });
  try {
    for (;;) {
      const { done, value } = await sink.next();
      if (done) break;
      if (sink.closed) return;
      if (!stream.write(value)) await drained(stream);
    }
    if (sink.closed) return;
    await ended(stream);
    sink.close({ failed: false, value: undefined });
  } catch (error) {
    failure = { error };
  } finally {
    stopWatching();
  }
  if (!failure) return;
  const { error } = failure;
  sink.close({ failed: true, value: error });
  if (stream.destroyed) return;
  // The other side has given it up.
  stream.on('error', () => {});
  stream.destroy(error instanceof Error ? error : new Error(String(error)));
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      stream.off('drain', settle).off('close', settle).off('error', settle);
      if (error) reject(error);
      else resolve();
    };
    stream.on('drain', settle).on('close', settle).on('error', settle);
  });
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(stream, { readable: false }, (error) => (error ? reject(error) : resolve()));
    stream.end();
  });
}

/** The same for a web stream. */
export async function writeAllToWeb(sink: Sink, stream: WritableStream): Promise<void> {
  const writer = stream.getWriter() as WritableStreamDefaultWriter<unknown>;
  writer.closed.catch((error: unknown) => sink.close({ failed: true, value: error }));
  try {
    for (;;) {
      await writer.ready;
      const { done, value } = await sink.next();
      if (done) break;
      if (sink.closed) return;
      // A failure is seen by the next one that waits for `ready`, or by `closed`.
      writer.write(value).catch(() => {});
    }
    if (sink.closed) return;
    await writer.close();
    sink.close({ failed: false, value: undefined });
  } catch (error) {
    sink.close({ failed: true, value: error });
    await writer.abort(error).catch(() => {});
  }
}
