import { clearTimeout, now, setImmediate, setTimeout } from '../clock.js';
import type { ServedInstance } from './serve-instance.js';
import type { SharedInstances } from './shared-instances.js';

/**
 * How this process ends.
 *
 *     serving ── SIGTERM ──> serving, until `terminateTimeout` is over ──┐
 *        ├── the parent asks for it ─────────────────────────────────────┤
 *        └── the channel closes ─────────────────────────────────────────┴──> leaving
 *
 * Leaving runs the dispose hook of each instance. If the user has listeners of `killSignal`, they run next, and the process ends when it has
 * nothing left to do. Otherwise it flushes its output and calls `process.exit(0)`, which runs the `'exit'` listeners.
 *
 * Process managers and terminals send SIGTERM and SIGINT to the whole process group, but the parent decides when its children
 * end. So SIGINT is ignored, and SIGTERM has an effect only if the parent does nothing.
 */
export class Departure {
  readonly #served: ServedInstance;
  readonly #shared: SharedInstances;
  /** Whether SIGTERM was delivered, so that the user's listeners have already run. */
  #signalled = false;
  #left: Promise<void> | undefined;

  /** @param shared further instances of this process */
  constructor(served: ServedInstance, shared: SharedInstances) {
    this.#served = served;
    this.#shared = shared;
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => this.#hear());
  }

  /** Disposes the instance and ends the process. Later calls return the first promise. */
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
    // While the parent is connected, it gets an error as an answer.
    const report = (error: unknown): void => void (process.connected || console.error(error));
    await Promise.all([this.#served, ...this.#shared].map((each) => each.dispose().catch(report)));
    this.#shared.flush();
    this.#served.session.flush();
    const { killSignal } = this.#served;
    if (process.listenerCount(killSignal) > (ownListeners.has(killSignal) ? 1 : 0)) {
      clearTimeout(deadline);
      if (killSignal !== 'SIGTERM' || !this.#signalled) process.emit(killSignal, killSignal);
      // The listeners end the process, or let it end: the channel no longer keeps it alive.
      process.channel?.unref();
      return;
    }
    await Promise.race([flushOutput(), wait(end - now())]);
    process.exit(0);
  }
}

/** Signals to which this class itself listens. */
const ownListeners = new Set<NodeJS.Signals>(['SIGINT', 'SIGTERM']);

/** Waits until the output was written. The caller limits the wait, since a reader may not read. */
async function flushOutput(): Promise<void> {
  await Promise.all([flush('stdout'), flush('stderr')]);
  // The answer to the parent's request is sent in this turn.
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
