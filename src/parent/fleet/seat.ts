import type { ChildProcess } from 'node:child_process';
import type { InstanceChannel } from '../../channel/mux-channel.js';
import { ChildCrashedError, type ProcxyError, ProtocolError } from '../../errors.js';
import type { SharedSync } from '../../session/sync/sync-calls.js';
import type { Waiting } from '../../session/sync/waiting.js';
import type { ExitStatus } from '../../types/stats.js';
import { CALL_AGAIN, type EndKind, type OpenBlockingLane, type Worker, type WorkerListener } from '../worker.js';

export interface SeatOptions {
  /** The process. Other seats are in it too. */
  child: Worker;
  channel: InstanceChannel;
  /** Absent if the process cannot block. */
  sync: SharedSync | undefined;
  /** Whether its connection is over, so that the agent may end it. */
  mayEnd(): boolean;
  /** Called when the instance is given up: the process may be too busy to notice. */
  onDropped(): void;
  /** Called when the instance has ended. */
  onGone(): void;
}

/**
 * The place of one instance in a child process with several.
 *
 * | state   | what has happened                                       | next                                                  |
 * | ------- | ------------------------------------------------------- | ----------------------------------------------------- |
 * | open    |                                                         | dropped; ended, when the agent or the process ends it |
 * | dropped | the parent waits no longer, and reads nothing more      | ended, when the agent confirms it                     |
 * | ended   | the instance, or the process, has ended                 | none                                                  |
 */
export class Seat implements Worker {
  readonly isHere = false;
  readonly leaves = true;
  /** The data socket belongs to the process. Bytes of streams travel in messages. */
  readonly bytes = undefined;
  readonly channel: InstanceChannel;
  readonly blocking: OpenBlockingLane | undefined;
  readonly waiting: Waiting | undefined;
  readonly descriptors: Worker['descriptors'];
  readonly disconnected: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  readonly #options: SeatOptions;
  readonly #child: Worker;
  #state: 'open' | 'dropped' | 'ended' = 'open';
  readonly listeners: WorkerListener[] = [];
  #holds = 0;
  #onDisconnected!: () => void;
  #onExited!: (status: ExitStatus) => void;

  constructor(options: SeatOptions) {
    const { child, channel, sync } = options;
    this.#options = options;
    this.#child = child;
    this.channel = channel;
    this.blocking = sync && (() => sync.lane.laneOf(channel.instance));
    this.waiting = sync?.waiting;
    this.descriptors = { blocking: sync && child.descriptors.blocking };
    this.disconnected = new Promise((resolve) => (this.#onDisconnected = resolve));
    this.exited = new Promise((resolve) => (this.#onExited = resolve));
    channel.onClose(() => {
      if (!options.mayEnd()) throw new ProtocolError(`The instance ${channel.instance} ended without being asked to.`);
      const isDropped = this.#state === 'dropped';
      this.disconnect();
      this.exit(isDropped ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get process(): ChildProcess | undefined {
    return this.#child.process;
  }

  get name(): string {
    return `${this.#child.name}, instance ${this.channel.instance},`;
  }

  get isConnected(): boolean {
    return this.#state === 'open' && this.#child.isConnected;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended' || this.#child.hasEnded;
  }

  /** The last words of the process. They do not tell which instance was at fault. */
  get lastWords(): Worker['lastWords'] {
    return this.#child.lastWords;
  }

  set lastWords(words: Worker['lastWords']) {
    this.#child.lastWords = words;
  }

  /** Whether the parent has given it up, and its process has not confirmed this yet. */
  get isDropped(): boolean {
    return this.#state === 'dropped';
  }

  listen(listener: WorkerListener): void {
    this.listeners.push(listener);
  }

  hold(): void {
    if (this.#state === 'ended') return;
    this.#holds++;
    this.#child.hold();
  }

  release(): void {
    if (this.#state === 'ended') return;
    this.#holds--;
    this.#child.release();
  }

  end(how: EndKind, reason?: string): void {
    if (how !== 'drop') return this.#child.end(how, reason);
    if (this.#state !== 'open') return;
    this.#state = 'dropped';
    this.channel.close();
    this.#options.onDropped();
  }

  crashError(method: string, advice = CALL_AGAIN): ProcxyError {
    if (this.#child.hasEnded) return this.#child.crashError(method, advice);
    return new ChildCrashedError(`${method}(): the instance has ended, and its child process has others. ${advice}`, {
      exitCode: null,
      signal: null,
    });
  }

  /** The process can no longer answer. */
  disconnect(): void {
    this.#onDisconnected();
  }

  /** The instance has ended, and everything that it sent has arrived. */
  exit(status: ExitStatus): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    for (; this.#holds > 0; this.#holds--) this.#child.release();
    this.#onExited(status);
    this.#options.onGone();
  }
}
