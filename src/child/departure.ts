import { clearTimeout, now, setImmediate, setTimeout } from '../clock.js';
import type { ServedInstance } from './serve-instance.js';

/**
 * How this process ends.
 *
 *     serving ── SIGTERM ──> serving, until `terminateTimeout` is over ──┐
 *        ├── the parent asks for it ─────────────────────────────────────┤
 *        └── the channel closes ─────────────────────────────────────────┴──> leaving
 *
 *     leaving: the instance's dispose hook; then the SIGTERM listeners of the user's own, where there are any, after which the
 *     process ends when it has nothing left to do; otherwise the output is flushed, and `process.exit(0)` runs the `'exit'` listeners.
 *
 * Process managers and terminals send SIGTERM and SIGINT to the whole group: the parent decides when its children end, so SIGINT is
 * ignored, and SIGTERM only matters where the parent does not.
 */
export class Departure {
  readonly #served: ServedInstance;
  /** A signal has been delivered: the user's own listeners have heard of it. */
  #signalled = false;
  #left: Promise<void> | undefined;

  constructor(served: ServedInstance) {
    this.#served = served;
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => this.#hear());
  }

  /** Leaves. Later calls return the first promise. */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  #hear(): void {
    if (this.#signalled || this.#left) return;
    this.#signalled = true;
    setTimeout(() => void this.leave(), this.#served.terminateTimeout).unref();
  }

  async #leave(): Promise<void> {
    const end = now() + this.#served.terminateTimeout;
    const deadline = setTimeout(() => process.exit(), this.#served.terminateTimeout);
    deadline.unref();
    await this.#served.dispose().catch((error: unknown) => {
      // Where the parent has asked, it has the error.
      if (!process.connected) console.error(error);
    });
    this.#served.session.flush();
    if (process.listenerCount('SIGTERM') > 1) {
      clearTimeout(deadline);
      if (!this.#signalled) process.emit('SIGTERM', 'SIGTERM');
      // The listeners end the process, or let it end: the channel does not keep it any longer.
      process.channel?.unref();
      return;
    }
    await Promise.race([flushOutput(), wait(end - now())]);
    process.exit(0);
  }
}

/** A reader that does not read must not hold up the end. */
async function flushOutput(): Promise<void> {
  await Promise.all([flush('stdout'), flush('stderr')]);
  // The answer to the parent's request leaves in this turn.
  await new Promise((resolve) => setImmediate(resolve));
}

function flush(name: 'stdout' | 'stderr'): Promise<void> {
  return new Promise((resolve) => {
    try {
      const stream = process[name];
      if (stream.destroyed || !stream.writable) return resolve();
      stream.once('close', resolve).once('error', () => resolve());
      stream.write('', () => resolve());
    } catch {
      // The descriptor is closed.
      resolve();
    }
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)).unref());
}
