import { clearTimeout, now, setTimeout } from '../../clock.js';
import type { MemberStats } from '../../options/pool.js';
import type { Instance } from '../instance-plan.js';
import { LinkedList } from './linked-list.js';
import { Supervisor, type SupervisorOptions } from './supervisor.js';
import type { WaitingCall } from './waiting-room.js';

let lastId = 0;

/**
 * One instance of a pool, and its successors after crashes.
 *
 * | state    | takes calls                                        | what follows                      |
 * | -------- | -------------------------------------------------- | --------------------------------- |
 * | serving  | while its supervisor has a child that has room     | leased, retiring                  |
 * | leased   | none: `$use()` has it for itself                   | serving or retiring, as before    |
 * | retiring | only those that wait for it alone                  | it is ended when it runs none     |
 */
export class Member {
  readonly id = ++lastId;
  readonly supervisor: Supervisor;
  /** Calls that wait for this very member: of a key that is bound to it, or by `$all`. */
  readonly own = new LinkedList<WaitingCall<Member>>();
  isLeased = false;
  isRetiring = false;
  /** How many calls the instance has not finished. */
  running = 0;
  /** How many calls it was given so far. */
  calls = 0;
  /** When it last got a call, or finished one. */
  idleSince = now();
  /** When its memory was last measured. */
  measured = now();
  /** Whether another one will take its place. */
  isReplaced = false;
  /** Resolves when it has retired, and its process has ended. */
  readonly gone: Promise<void>;
  onGone!: () => void;
  /** The `$use()` that waits until the member runs nothing. */
  reserved: WaitingCall<Member> | undefined;
  readonly #concurrency: number;
  #ageTimer: NodeJS.Timeout | undefined;

  constructor(concurrency: number, supervisor: (member: Member) => SupervisorOptions) {
    this.#concurrency = concurrency;
    this.supervisor = new Supervisor(supervisor(this));
    this.gone = new Promise((resolve) => (this.onGone = resolve));
  }

  get instance(): Instance | undefined {
    return this.supervisor.available;
  }

  get isFree(): boolean {
    return !this.isRetiring && this.hasRoom;
  }

  /** Whether it can run one more of the calls that wait only for it. */
  get hasRoom(): boolean {
    return !this.isLeased && !this.reserved && this.running < this.#concurrency && this.instance !== undefined;
  }

  get isIdle(): boolean {
    return this.running === 0 && this.own.size === 0 && !this.isRetiring && !this.reserved;
  }

  get stats(): MemberStats {
    const { supervisor, running, calls } = this;
    const state = this.isRetiring ? 'retiring' : supervisor.state;
    return { pid: supervisor.pid, state, running, calls, restarts: supervisor.restarts };
  }

  /** Calls `retire` when it is `age` ms old. */
  setAge(age: number | undefined, retire: () => void): void {
    clearTimeout(this.#ageTimer);
    if (age === undefined) return;
    this.#ageTimer = setTimeout(retire, age);
    this.#ageTimer.unref();
  }

  close(): void {
    clearTimeout(this.#ageTimer);
  }
}
