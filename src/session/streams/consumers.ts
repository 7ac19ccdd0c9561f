import { finished, type Writable } from 'node:stream';
import { toError } from './to-error.js';
import type { Sink } from './sink.js';

/** Writes the items of a sink to a stream of this side, and tells the other side how that went. */
export async function writeAll(sink: Sink, stream: Writable): Promise<void> {
  const giveUp = (error: unknown): void => {
    if (stream.destroyed) return;
    // The other side knows the error: it came from there.
    stream.on('error', () => {});
    stream.destroy(toError(error));
  };
  let isBusy = false;
  // After a failure, items that came before it are still written, unless the stream is busy and may be so for ever.
  sink.onEnd(() => isBusy && sink.failure && giveUp(sink.failure.value));
  const drained = drainOf(stream);
  // The stream's owner may end it, too.
  finished(stream, { readable: false }, (error) => sink.close({ failed: error != null, value: error ?? undefined }));
  try {
    for (;;) {
      const { done, value } = await sink.next();
      if (done || sink.closed) break;
      if (stream.write(value)) continue;
      if (sink.failure) throw sink.failure.value;
      // A stream that has ended never drains.
      if (!stream.writableNeedDrain) continue;
      isBusy = true;
      await drained();
      isBusy = false;
    }
    if (sink.closed) return;
    await ended(stream);
    sink.close({ failed: false, value: undefined });
  } catch (error) {
    sink.close({ failed: true, value: error });
    giveUp(error);
  }
}

/** Makes a function that waits for room. The listeners are added once, not for each chunk. */
function drainOf(stream: Writable): () => Promise<void> {
  let go = (): void => {};
  const settle = (): void => go();
  // `finished()` reports what has gone wrong.
  stream.on('drain', settle).on('close', settle).on('error', settle);
  return () => new Promise((resolve) => (go = resolve));
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(stream, { readable: false }, (error) => (error ? reject(error) : resolve()));
    stream.end();
  });
}

/** Does the same for a web stream, which is locked already. */
export async function writeAllToWeb(sink: Sink, writer: WritableStreamDefaultWriter<unknown>): Promise<void> {
  // Everybody else who waits for the stream sees the reason.
  const giveUp = (reason: unknown): void => void writer.abort(reason).catch(() => {});
  let isBusy = false;
  sink.onEnd(() => isBusy && sink.failure && giveUp(sink.failure.value));
  writer.closed.catch((error: unknown) => sink.close({ failed: true, value: error }));
  try {
    for (;;) {
      isBusy = true;
      await writer.ready;
      isBusy = false;
      const { done, value } = await sink.next();
      if (done || sink.closed) break;
      // `ready` or `closed` reports the failure.
      writer.write(value).catch(() => {});
    }
    if (sink.closed) return;
    await writer.close();
    sink.close({ failed: false, value: undefined });
  } catch (error) {
    sink.close({ failed: true, value: error });
    giveUp(error);
  }
}
