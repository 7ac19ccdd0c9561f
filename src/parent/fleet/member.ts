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
  /** Calls that the instance has not done with. */
  running = 0;
  /** Calls that it was given so far. */
  calls = 0;
  /** When it was last given a call, or done with one. */
  idleSince = now();
  /** When its memory was looked at last. */
  measured = now();
  /** Another one is to take its place. */
  isReplaced = false;
  /** Resolves when it has retired, and its process has ended. */
  readonly gone: Promise<void>;
  onGone!: () => void;
  /** A `$use()` waits for the member to run nothing. */
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

  /** Whether it can run one more call, of those that wait for it alone. */
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

  /** Calls `retire` once it is as old as that. */
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
