import { clearTimeout, setImmediate, setTimeout } from '../../clock.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { Connection } from '../connection.js';
import type { Shared } from '../connection-options.js';
import type { Prepared } from '../spares.js';
import type { KeyedPlan } from './plans.js';
import { Seat } from './seat.js';

/** The least time that a process has to confirm the end of an instance, in ms. */
const LEAST_PATIENCE = 500;

/** A child process with several instances. It has a connection to the agent itself, and one for each of them. */
export class SharedChild {
  readonly loaded: () => void;
  readonly #plan: KeyedPlan;
  /** The connection to the agent. */
  readonly #root: Connection;
  readonly #shared: Shared;
  readonly #seats = new Map<Seat, Connection>();
  readonly #onRoom: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isKilled = false;

  /**
   * @param loaded to be called when the child has loaded the class
   * @param onRoom called when an instance has gone
   */
  constructor(plan: KeyedPlan, loaded: () => void, onRoom: () => void) {
    const { serialization, terminateTimeout, killSignal } = plan.options;
    this.#plan = plan;
    this.loaded = loaded;
    this.#onRoom = onRoom;
    this.#root = plan.prepare().connection;
    this.#shared = this.#root.share({
      serialization,
      terminateTimeout,
      ...(killSignal !== 'SIGTERM' && { killSignal }),
    });
    const { worker } = this.#root;
    worker.listen({
      onEnd: () => this.#each(({ listeners }) => listeners.forEach((each) => each.onEnd())),
      onGarbage: (error) => this.#each(({ listeners }) => listeners.forEach((each) => each.onGarbage(error))),
    });
    void worker.disconnected.then(() => this.#each((seat) => seat.disconnect()));
    void worker.exited.then((status) => {
      clearTimeout(this.#timer);
      this.#each((seat) => seat.exit(status));
    });
  }

  /** How many instances it has, or starts. */
  get size(): number {
    return this.#seats.size;
  }

  get isOpen(): boolean {
    return this.#root.isOpen && !this.#isKilled;
  }

  get exited(): Promise<unknown> {
    return this.#root.worker.exited;
  }

  /** Makes a place for one more instance. */
  prepare(): Prepared {
    const { channel, sync } = this.#shared;
    const seat: Seat = new Seat({
      child: this.#root.worker,
      channel: channel.open(),
      sync,
      mayEnd: () => !prepared.connection.isOpen || seat.isDropped,
      onDropped: () => this.#watchDropped(),
      onGone: () => {
        this.#seats.delete(seat);
        this.#onRoom();
      },
    });
    const prepared: Prepared = this.#plan.prepare(seat);
    this.#seats.set(seat, prepared.connection);
    return prepared;
  }

  /** Ends its instances, then the process, which is killed at `terminateTimeout`. */
  async terminate(reason: ErrorFactory): Promise<void> {
    const { worker } = this.#root;
    const deadline = setTimeout(() => worker.end('kill'), this.#plan.options.terminateTimeout);
    try {
      await Promise.all([...this.#seats.values()].map((connection) => connection.terminate(reason)));
      await this.#root.terminate(reason);
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * A process whose event loop is blocked cannot end an instance. It is killed only when no call there is awaited any more: the
   * call that blocks it may still return.
   */
  #watchDropped(): void {
    const before = this.#shared.channel.received;
    const overdue = this.#dropped();
    // Messages that have arrived by then are read before the judgement.
    this.#timer ??= setTimeout(() => setImmediate(() => this.#judge(overdue, before)), this.#patience);
  }

  /** @param before how many messages had arrived when these instances were waited for */
  #judge(overdue: ReadonlySet<Seat>, before: number): void {
    this.#timer = undefined;
    const dropped = this.#dropped();
    if (dropped.size === 0 || this.#root.worker.hasEnded) return;
    const isSilent = this.#shared.channel.received === before && [...dropped].some((seat) => overdue.has(seat));
    const isBusy = [...this.#seats.values()].some(({ isOpen, side }) => isOpen && side.pendingCalls > 0);
    if (!isSilent || isBusy) return this.#watchDropped();
    this.#isKilled = true;
    this.#root.worker.end('kill', 'its event loop was blocked, and nothing waited for it any more');
  }

  #dropped(): Set<Seat> {
    return new Set([...this.#seats.keys()].filter(({ isDropped }) => isDropped));
  }

  get #patience(): number {
    return Math.max(this.#plan.options.terminateTimeout, LEAST_PATIENCE);
  }

  #each(action: (seat: Seat) => void): void {
    for (const seat of this.#seats.keys()) action(seat);
  }
}
