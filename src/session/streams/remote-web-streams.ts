import { webStreams } from '../../realm.js';
import type { StreamOutcome } from './source.js';
import type { Sink } from './sink.js';
import { toError } from './to-error.js';
import type { WriteQueue } from './write-queue.js';

/** The stand-ins for web streams of the other side. As with Node streams, the session does not hold them. */

export function remoteReadableStream(sink: Sink): ReadableStream {
  const { ReadableStream } = webStreams();
  let isPulling = false;
  return new ReadableStream(
    {
      start(controller) {
        const weak = new WeakRef(controller);
        // Reports a failure also to code that only waits for the end, such as `reader.closed`.
        sink.onEnd(() => {
          if (sink.failure && sink.isEmpty && !isPulling) weak.deref()?.error(sink.failure.value);
        });
      },
      async pull(controller) {
        isPulling = true;
        const { done, value } = await sink.next();
        isPulling = false;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => sink.close({ failed: true, value: reason }),
    },
    // The sink already buffers items. This avoids a second buffer.
    { highWaterMark: 0 },
  );
}

export function remoteWritableStream(queue: WriteQueue): WritableStream {
  const { WritableStream } = webStreams();
  return new WritableStream({
    start(controller) {
      const weak = new WeakRef(controller);
      // Missing from Node 20's types.
      const { signal } = controller as unknown as { signal: AbortSignal };
      // `abort` below is called only after the pending write has settled.
      signal.addEventListener('abort', () => queue.fail(signal.reason));
      queue.onEarlyClose((error) => weak.deref()?.error(error));
    },
    write: (chunk) =>
      new Promise<void>((resolve, reject) => queue.write(chunk, (error) => (error ? reject(error) : resolve()))),
    close() {
      const closed = new Promise<StreamOutcome>((resolve) => queue.onFinish(resolve));
      queue.end();
      return closed.then(({ failed, value }) => {
        if (failed) throw toError(value);
      });
    },
    abort: (reason) => queue.fail(reason),
  });
}
