import type { ChildProcess } from 'node:child_process';
import type { SocketLike } from '../channel/channel.js';
import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from '../clock.js';
import { describeReason } from '../errors.js';
import { launchOnSocket } from '../parent/launch/launch.js';
import { takeLane } from '../parent/launch/stdio.js';
import type { ChildOptions } from '../parent/options/child-options.js';
import { Reaper } from '../parent/reaper.js';
import { keepTail } from '../parent/stderr-tail.js';
import { blockingPiece } from './blocking-order.js';
import { Lane, type LaneId } from './link/frame.js';
import { readLines } from './read-lines.js';

const reaper = new Reaper();

/** ms to wait for the last messages and output of a child after its exit. */
const DRAIN_TIME = 500;
/** Turns of the event loop without a message after which all that a blocked child has sent before was read. */
const QUIET_TURNS = 2;

export interface ChildListener {
  /** Bytes of the child. Returns whether there is room for more; if not, call {@link HostedChild.room} when there is. */
  onData(lane: LaneId, bytes: Buffer): boolean;
  /** The process has ended, and everything that it sent was passed on. */
  onEnd(code: number | null, signal: NodeJS.Signals | null): void;
  /** A line of its output. */
  onLine(line: string): void;
}

/** A child of a host. Its messages are not read here: they go to its client as they are. */
export class HostedChild {
  /** How the agent finds its ends of the lanes. */
  readonly descriptors: { readonly bytes: number | undefined; readonly blocking: number | undefined };
  readonly #process: ChildProcess;
  readonly #listener: ChildListener;
  readonly #sockets = new Map<LaneId, SocketLike>();
  readonly #stderr: () => string | undefined;
  readonly #terminateTimeout: number;
  readonly #killSignal: NodeJS.Signals;
  /** Why it was ended here, or could not be started. */
  endedFor: string | undefined;
  #kill: NodeJS.Timeout | undefined;
  #hasExited = false;
  /** Bytes of messages that the child has sent. */
  #messages = 0;
  /** What a blocked child has sent, in order, until its messages before were read. */
  readonly #blocked: Buffer[] = [];
  /** Set while the turn of the event loop is waited for in which they may be passed on. */
  #turn: NodeJS.Immediate | undefined;

  /** @throws {ChildCrashedError} if it cannot be started */
  constructor(options: ChildOptions, listener: ChildListener) {
    const { process, socket, dataDescriptor, syncDescriptor } = launchOnSocket(options);
    this.#process = process;
    this.#listener = listener;
    this.#terminateTimeout = options.terminateTimeout;
    this.#killSignal = options.killSignal;
    this.descriptors = { bytes: dataDescriptor, blocking: syncDescriptor };
    this.#stderr = keepTail(process.stderr);
    const lanes: [LaneId, SocketLike | undefined][] = [
      [Lane.MESSAGES, socket],
      [Lane.BYTES, takeLane(process, dataDescriptor)],
      [Lane.BLOCKING, takeLane(process, syncDescriptor)],
    ];
    for (const [lane, each] of lanes) if (each) this.#read(lane, each);
    for (const stream of [process.stdout, process.stderr]) {
      if (stream) readLines(stream, (line) => listener.onLine(line));
    }
    void this.#watch();
    if (process.pid !== undefined) reaper.watch(process.pid, options.terminateTimeout);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The end of what it has written to stderr. */
  get stderr(): string | undefined {
    return this.#stderr();
  }

  /** @param taken called when the child's socket has taken the bytes */
  write(lane: LaneId, bytes: Buffer, taken: () => void): void {
    const socket = this.#sockets.get(lane);
    if (socket?.writable) socket.write(bytes, () => taken());
    else taken();
  }

  /** The lane can take more. */
  room(lane: LaneId): void {
    this.#sockets.get(lane)?.resume();
    if (lane === Lane.MESSAGES) this.#passInOrder();
  }

  /** Ends it at once, or lets its instance dispose first. */
  end(how: 'term' | 'kill'): void {
    this.#process.kill(how === 'kill' ? 'SIGKILL' : this.#killSignal);
  }

  /** Nobody is at the other end any more: the instance disposes, and is killed if that takes too long. */
  abandon(): void {
    this.#sockets.get(Lane.MESSAGES)?.end();
    this.#killLater();
    for (const lane of this.#sockets.keys()) this.room(lane);
  }

  /** It can no longer answer, and has a while to end by itself. */
  #killLater(reason?: string): void {
    if (this.#hasExited) return;
    this.#kill ??= setTimeout(() => {
      this.endedFor ??= reason;
      this.#process.kill('SIGKILL');
    }, this.#terminateTimeout);
  }

  #read(lane: LaneId, socket: SocketLike): void {
    this.#sockets.set(lane, socket);
    // Ignored: a `'close'` event follows, and the process ends.
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (lane === Lane.BLOCKING) {
        this.#blocked.push(chunk);
        return this.#passInOrder();
      }
      if (lane === Lane.MESSAGES) this.#messages += chunk.length;
      if (!this.#listener.onData(lane, chunk)) socket.pause();
    });
    if (lane !== Lane.MESSAGES) return;
    const reason = `it closed its channel, and had not ended ${this.#terminateTimeout} ms later`;
    socket.once('close', () => this.#killLater(reason));
  }

  /** The child blocks. What it has sent before goes first. */
  #passInOrder(quiet = 0): void {
    if (this.#turn || this.#blocked.length === 0) return;
    const [before, count] = [this.#messages, this.#blocked.length];
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      // Messages may wait in a socket that is paused. `room()` goes on.
      if (this.#sockets.get(Lane.MESSAGES)?.isPaused()) return;
      if (this.#messages !== before || this.#blocked.length !== count) return this.#passInOrder();
      if (quiet + 1 < QUIET_TURNS) return this.#passInOrder(quiet + 1);
      for (const chunk of this.#blocked.splice(0)) {
        this.#listener.onData(Lane.BLOCKING, blockingPiece(before, chunk));
      }
    });
  }

  async #watch(): Promise<void> {
    const child = this.#process;
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      child.once('exit', (exitCode, exitSignal) => resolve([exitCode, exitSignal]));
      child.on('error', (error) => {
        if (child.pid !== undefined) return;
        this.endedFor = `it could not be started: ${describeReason(error)}`;
        this.#listener.onLine(describeReason(error));
        resolve([null, null]);
      });
    });
    this.#hasExited = true;
    clearTimeout(this.#kill);
    if (child.pid !== undefined) reaper.unwatch(child.pid);
    await this.#drain();
    this.#listener.onEnd(code, signal);
  }

  /** Waits for what may still be in the pipes after the exit. A paused lane is read when it has room. */
  async #drain(): Promise<void> {
    const open = [...this.#sockets.values()].filter((socket) => !socket.closed);
    const closed = open.map((socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setInterval(() => open.some((socket) => socket.isPaused()) || resolve(), DRAIN_TIME);
    });
    await Promise.race([Promise.all(closed), late]);
    clearInterval(timer);
  }
}
