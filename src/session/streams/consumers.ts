import { finished, type Writable } from 'node:stream';
import { toError } from './producers.js';
import type { Sink } from './sink.js';

/** Writes what comes to a stream of this side, and says over there how that went. */
export async function writeAll(sink: Sink, stream: Writable): Promise<void> {
  const giveUp = (error: unknown): void => {
    if (stream.destroyed) return;
    // It is seen over there, where it came from.
    stream.on('error', () => {});
    stream.destroy(toError(error));
  };
  let isBusy = false;
  // What has come before is written first, unless the stream is busy and may be for ever.
  sink.onEnd(() => isBusy && sink.failure && giveUp(sink.failure.value));
  const drained = drainOf(stream);
  // Its owner may also end it, and leave it as it is.
  finished(stream, { readable: false }, (error) => sink.close({ failed: error != null, value: error ?? undefined }));
  try {
    for (;;) {
      const { done, value } = await sink.next();
      if (done || sink.closed) break;
      if (stream.write(value)) continue;
      if (sink.failure) throw sink.failure.value;
      // One that has ended makes no more room.
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

/** Waits for room. The listeners are there once, and not anew for each chunk. */
function drainOf(stream: Writable): () => Promise<void> {
  let go = (): void => {};
  const settle = (): void => go();
  // What has gone wrong is seen by who watches for the end.
  stream.on('drain', settle).on('close', settle).on('error', settle);
  return () => new Promise((resolve) => (go = resolve));
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(stream, { readable: false }, (error) => (error ? reject(error) : resolve()));
    stream.end();
  });
}

/** The same for a web stream, which is locked already. */
export async function writeAllToWeb(sink: Sink, writer: WritableStreamDefaultWriter<unknown>): Promise<void> {
  // Whoever else waits for the stream sees how that went.
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
      // A failure is seen by the next one that waits for `ready`, or by `closed`.
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
