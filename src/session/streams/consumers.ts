import { finished, type Writable } from 'node:stream';
import { queueMicrotask } from '../../clock.js';
import { toError } from './to-error.js';
import type { Sink } from './sink.js';

/**
 * Writes the items of a sink to a stream of this side, and reports the outcome to the other side. It listens to the stream
 * immediately, since the stream may have failed already. It starts writing in a later microtask, after the message that exports
 * the stream was sent.
 */
export function writeAll(sink: Sink, stream: Writable): void {
  const giveUp = (error: unknown): void => {
    // Without a report: the error came from the other side.
    if (!stream.destroyed) stream.destroy(toError(error));
  };
  let isBusy = false;
  // After a failure, items that arrived before it are still written, unless the stream is busy, possibly for ever.
  sink.onEnd(() => isBusy && sink.failure && giveUp(sink.failure.value));
  // `finished()` reports an error, and may stop listening before the last one.
  stream.on('error', () => {});
  const drained = drainOf(stream);
  // The stream's owner may end it, too.
  finished(stream, { readable: false }, (error) => sink.close({ failed: error != null, value: error ?? undefined }));
  const write = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await sink.next();
      if (done || sink.closed) break;
      if (stream.write(value)) continue;
      if (sink.failure) throw sink.failure.value;
      // A stream that has ended never drains. HTTP/2 responses have no `writableNeedDrain`.
      if (!(stream.writableNeedDrain ?? !stream.writableEnded)) continue;
      isBusy = true;
      await drained();
      isBusy = false;
    }
    if (!sink.closed) await ended(stream);
  };
  queueMicrotask(() => closeAfter(sink, write(), giveUp));
}

/** Makes a function that waits for room. Its listeners are added only once, not for each chunk. */
function drainOf(stream: Writable): () => Promise<void> {
  let go = (): void => {};
  const settle = (): void => go();
  stream.on('drain', settle).on('close', settle).on('error', settle);
  return () => new Promise((resolve) => (go = resolve));
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(stream, { readable: false }, (error) => (error ? reject(error) : resolve()));
    stream.end();
  });
}

/** Does the same for a web stream. Its writer has locked it already. */
export function writeAllToWeb(sink: Sink, writer: WritableStreamDefaultWriter<unknown>): void {
  // All other users of the stream get the reason.
  const giveUp = (reason: unknown): void => void writer.abort(reason).catch(() => {});
  let isBusy = false;
  sink.onEnd(() => isBusy && sink.failure && giveUp(sink.failure.value));
  writer.closed.catch((error: unknown) => sink.close({ failed: true, value: error }));
  const write = async (): Promise<void> => {
    for (;;) {
      isBusy = true;
      await writer.ready;
      isBusy = false;
      const { done, value } = await sink.next();
      if (done || sink.closed) break;
      // `ready` or `closed` reports the failure.
      writer.write(value).catch(() => {});
    }
    if (!sink.closed) await writer.close();
  };
  queueMicrotask(() => closeAfter(sink, write(), giveUp));
}

function closeAfter(sink: Sink, written: Promise<void>, giveUp: (error: unknown) => void): void {
  written.then(
    () => sink.close({ failed: false, value: undefined }),
    (error: unknown) => {
      sink.close({ failed: true, value: error });
      giveUp(error);
    },
  );
}
