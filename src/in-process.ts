import { memoryLane } from './channel/memory-lane.js';
import { memoryChannelPair, type MemoryChannel } from './channel/memory.js';
import type { Class } from './classes.js';
import { serveInstance, type ServedInstance } from './child/serve-instance.js';
import { ChildCrashedError } from './errors.js';
import { keepAliveByTimer, type KeepAlive } from './parent/keep-alive.js';
import { ownFiles } from './parent/launch/agent-path.js';
import { CALL_AGAIN, type EndKind, type OpenBlockingLane, type Worker, type WorkerListener } from './parent/worker.js';
import type { SerializationMode } from './types/serializable.js';
import type { ExitStatus } from './types/stats.js';

/** Makes the worker for `{ inProcess: true }`. Both sides of its session are in this process, connected by a channel in memory. */
export function startInProcess(type: Class, mode: SerializationMode): Worker {
  return new InProcess(type, mode);
}

class InProcess implements Worker {
  readonly pid = process.pid;
  readonly process = undefined;
  readonly isHere = true;
  readonly leaves = false;
  readonly name = 'instance in this process';
  readonly channel: MemoryChannel;
  readonly bytes = undefined;
  readonly blocking: OpenBlockingLane;
  readonly descriptors = {};
  readonly exited: Promise<ExitStatus>;
  readonly disconnected: Promise<void>;
  lastWords: undefined;
  readonly #far: MemoryChannel;
  readonly #served: ServedInstance;
  readonly #keepAlive: KeepAlive;
  readonly #listeners: WorkerListener[] = [];
  #status: ExitStatus | undefined;
  #endedFor: string | undefined;

  constructor(type: Class, mode: SerializationMode) {
    [this.channel, this.#far] = memoryChannelPair(mode);
    const [near, far] = memoryLane(mode, () => this.#far.flush());
    this.blocking = () => near;
    // The module is unknown here, so that events cannot be named by its symbols, only by those of the class.
    const load = () => Promise.resolve({ Class: type, namespace: {} });
    this.#served = serveInstance(
      this.#far,
      { ownFile: ownFiles(), load, bytes: () => undefined, blocking: () => far },
      (error) => this.end('kill', error.message),
    );
    this.disconnected = new Promise((resolve) => this.channel.onClose(resolve));
    this.#keepAlive = keepAliveByTimer(this.disconnected);
    this.exited = this.disconnected.then(() => this.#status as ExitStatus);
  }

  get isConnected(): boolean {
    return !this.hasEnded;
  }

  get hasEnded(): boolean {
    return this.#status !== undefined;
  }

  listen(listener: WorkerListener): void {
    this.#listeners.push(listener);
  }

  hold(): void {
    this.#keepAlive.hold();
  }

  release(): void {
    this.#keepAlive.release();
  }

  /** Drops the instance. Its code cannot be stopped, so pending work continues. */
  end(how: EndKind, reason?: string): void {
    if (this.hasEnded) return;
    this.#status = how === 'term' ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' };
    this.#endedFor = reason;
    this.#served.close();
    // Messages that were sent before arrive before the end.
    this.#far.close();
    for (const { onEnd } of this.#listeners) onEnd();
  }

  crashError(method: string, advice = CALL_AGAIN): ChildCrashedError {
    const why = this.#endedFor === undefined ? '' : `: ${this.#endedFor}`;
    const { code, signal } = this.#status ?? { code: null, signal: null };
    return new ChildCrashedError(`${method}(): the instance, which ran in this process, was ended${why}. ${advice}`, {
      exitCode: code,
      signal,
    });
  }
}
