import type { ChildProcess } from 'node:child_process';
import type { Channel } from '../channel/channel.js';
import { DataSocket } from '../channel/data-socket.js';
import { framedSocket } from '../channel/framed-socket.js';
import { nodeIpcChannel } from '../channel/node-ipc.js';
import { clearTimeout, setTimeout } from '../clock.js';
import type { ChildCrashedError } from '../errors.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { ExitStatus } from '../types/stats.js';
import { crashError } from './crash-error.js';
import { KeepAlive } from './keep-alive.js';
import { launch, type Launched } from './launch/launch.js';
import { startError } from './launch/start-error.js';
import { takeLane } from './launch/stdio.js';
import { barrierBefore, isGiven, showUser } from './launch/user.js';
import type { ChildOptions } from './options/child-options.js';
import { Reaper } from './reaper.js';
import { keepTail } from './stderr-tail.js';
import { CALL_AGAIN, type EndKind, type OpenBlockingLane, type Worker, type WorkerListener } from './worker.js';

/** How long to wait for the last messages and output of a child after its exit, in ms. */
const DRAIN_TIME = 500;

const reaper = new Reaper();

/** Starts a child process of this one. */
export function startLocalChild(options: ChildOptions): Worker {
  // `child` is set before the callback can run: nothing arrives in this turn of the event loop.
  const launched = launch(options, (error) => child.listeners.forEach((each) => each.onGarbage(error)));
  const child = new LocalChild(launched, options);
  return child;
}

/** A child process, its lifetime, and the reason of its end. */
class LocalChild implements Worker {
  readonly process: ChildProcess;
  readonly isHere = false;
  readonly channel: Channel;
  readonly bytes: DataLane | undefined;
  readonly blocking: OpenBlockingLane | undefined;
  readonly descriptors: Worker['descriptors'];
  readonly leaves: boolean;
  readonly exited: Promise<ExitStatus>;
  readonly disconnected: Promise<void>;
  lastWords: { error: unknown } | undefined;
  readonly listeners: WorkerListener[] = [];
  readonly #keepAlive: KeepAlive;
  readonly #options: ChildOptions;
  readonly #program: string;
  readonly #stderr: () => string | undefined;
  #lane: DataSocket | undefined;
  #startFailure: Error | undefined;
  #status: ExitStatus | undefined;
  #endedFor: string | undefined;

  constructor({ process: child, program, dataDescriptor, syncDescriptor }: Launched, options: ChildOptions) {
    this.process = child;
    // An agent in another language only disposes, and does not end its process.
    this.leaves = options.agent === undefined;
    this.#options = options;
    this.#program = program;
    this.channel = nodeIpcChannel(child);
    const data = takeLane(child, dataDescriptor);
    const sync = takeLane(child, syncDescriptor);
    this.bytes = data && ((receiver) => (this.#lane = new DataSocket(data, receiver)));
    this.blocking = sync && ((format, onGarbage) => framedSocket(sync, format, onGarbage));
    this.descriptors = { bytes: dataDescriptor, blocking: sync && syncDescriptor };
    this.disconnected = new Promise((resolve) => child.once('disconnect', resolve));
    this.exited = this.#watchExit();
    this.#stderr = keepTail(child.stderr);
    this.#keepAlive = new KeepAlive((alive) => setRef(child, alive ? 'ref' : 'unref'));
    if (child.pid !== undefined) reaper.watch(child.pid, options.terminateTimeout);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get name(): string {
    return `child ${this.process.pid}`;
  }

  get isConnected(): boolean {
    return this.process.connected;
  }

  get hasEnded(): boolean {
    return this.#status !== undefined;
  }

  listen(listener: WorkerListener): void {
    this.listeners.push(listener);
  }

  hold(): void {
    this.#keepAlive.hold();
  }

  release(): void {
    this.#keepAlive.release();
  }

  end(how: EndKind, reason?: string): void {
    this.#endedFor ??= reason;
    if (this.hasEnded) return;
    // Its end is near, and may be awaited by `$exited` alone. The hold ends with the process.
    if (how === 'kill') this.hold();
    this.process.kill(how === 'term' ? this.#options.killSignal : 'SIGKILL');
  }

  crashError(method: string, advice = CALL_AGAIN): ChildCrashedError {
    if (this.#startFailure) return startError(this.#startFailure, this.#options);
    const crash = {
      what: 'the child process',
      status: this.#status ?? { code: null, signal: null },
      lastWords: this.lastWords,
      endedFor: this.#endedFor,
      stderr: this.#stderr(),
      limitedBy: '`resourceLimits`',
      hint: this.#barrierHint(),
    };
    return crashError(method, crash, advice);
  }

  /** Node only prints that it has not found the program. */
  #barrierHint(): string | undefined {
    const neverRan = isGiven(this.#options) && this.#status?.code === 1 && this.lastWords === undefined;
    const barrier = neverRan ? barrierBefore(this.#program, this.#options) : undefined;
    return barrier === undefined
      ? undefined
      : `The user and group of ${showUser(this.#options)} may not read ${barrier}, where its program is.`;
  }

  async #watchExit(): Promise<ExitStatus> {
    const child = this.process;
    const status = await new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        // Later errors are failures to kill or to send. The exit shows their effect.
        if (child.pid !== undefined) return;
        this.#startFailure = error;
        resolve({ code: null, signal: null });
      });
    });
    this.#status = status;
    for (const { onEnd } of this.listeners) onEnd();
    if (child.pid !== undefined) reaper.unwatch(child.pid);
    if (!this.#startFailure) await this.#drain();
    this.#keepAlive.close();
    return status;
  }

  /** Waits for results, their bytes and stderr that may still be in the pipes after the exit. */
  async #drain(): Promise<void> {
    const { stderr } = this.process;
    const stderrEnded = stderr && !stderr.closed && new Promise((resolve) => stderr.once('close', resolve));
    let timer: NodeJS.Timeout | undefined;
    // A grandchild that inherited stderr may keep it open for ever.
    const late = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_TIME)));
    await Promise.race([Promise.all([this.#drainLane(), stderrEnded]), late]);
    clearTimeout(timer);
  }

  /** The channel comes first: until it is closed, it may bring messages that wait for bytes. */
  async #drainLane(): Promise<void> {
    await this.disconnected;
    this.#lane?.stopWaiting();
    await this.#lane?.ended;
  }
}

function setRef(child: ChildProcess, change: 'ref' | 'unref'): void {
  child[change]();
  child.channel?.[change]();
  // Absent if Node could not open the pipes.
  for (const stream of (child.stdio as typeof child.stdio | undefined) ?? []) {
    // Pipes of a child are sockets, but their types are only streams.
    if (stream) (stream as Partial<Record<typeof change, () => void>>)[change]?.();
  }
}
