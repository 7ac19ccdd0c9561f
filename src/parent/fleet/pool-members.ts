import { clearInterval, now, setInterval } from '../../clock.js';
import { describeReason } from '../../errors.js';
import type { PoolSize, Recycle } from '../../options/pool.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import { warn } from '../../warnings.js';
import type { Instance } from '../instance-plan.js';
import { traceRestart } from '../tracing.js';
import type { Member } from './member.js';
import type { Dispatcher } from './dispatcher.js';

/** After an instance could not be started, none is started for a waiting call for as long, in ms. */
const PAUSE = 1000;
/** How often the memory of an instance is looked at, at most, in ms. */
const MEASURE_EVERY = 1000;

export interface PoolMembersOptions {
  size: PoolSize;
  /** ms; `Infinity`: no limit. */
  idleTimeout: number;
  recycle: Recycle;
  dispatcher: Dispatcher;
  make(): Member;
  /** Bytes of memory of a member's process, where it says. */
  rss(member: Member): Promise<number | undefined>;
  /** There is no member, and none could be started. */
  onNoneLeft(error: Error): void;
  /** A member has been taken out. */
  onGone(member: Member): void;
}

/** Keeps a pool at its size: starts members, replaces them, and ends those that have nothing to do. */
export class PoolMembers {
  readonly #options: PoolMembersOptions;
  #size: PoolSize;
  /** Those that are started, and those that are ended: they take no calls. */
  readonly #outside = new Set<Member>();
  #starting = 0;
  #mayGrow = 0;
  #sweep: NodeJS.Timeout | undefined;
  #recycling: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: PoolMembersOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#watchIdle();
  }

  get isStarting(): boolean {
    return this.#starting > 0;
  }

  start(): Promise<Instance[]> {
    return Promise.all(Array.from({ length: this.#size.min }, () => this.#startOne()));
  }

  /** A call waits: one more is started, where there may be more. */
  grow(): void {
    const { members } = this.#options.dispatcher;
    if (this.#starting > 0 || this.#isOver || now() < this.#mayGrow || members.size >= this.#size.max) return;
    this.#startOne().catch((error: unknown) => {
      if (this.#isOver) return;
      this.#mayGrow = now() + PAUSE;
      if (members.size === 0) return this.#options.onNoneLeft(error as Error);
      warn('PROCXY_START_FAILED', `A further instance of a pool could not be started. ${describeReason(error)}.`);
    });
  }

  async resize(size: PoolSize): Promise<void> {
    this.#size = size;
    this.#watchIdle();
    const { members } = this.#options.dispatcher;
    const surplus = [...members].filter(({ isRetiring }) => !isRetiring).slice(size.max);
    const missing = Math.max(size.min - members.size - this.#starting, 0);
    await Promise.all([
      ...Array.from({ length: missing }, () => this.#startOne()),
      ...surplus.map((member) => this.#retire(member)),
    ]);
  }

  /** To be called when a member has done with a call. */
  afterCall(member: Member): void {
    this.endIfRetired(member);
    const { calls, rss } = this.#options.recycle;
    if (calls !== undefined && member.calls >= calls) this.#recycleLater(member);
    if (rss === undefined || now() - member.measured < MEASURE_EVERY) return;
    member.measured = now();
    void this.#options.rss(member).then((bytes) => {
      if (bytes !== undefined && bytes > rss) this.#recycleLater(member);
    });
  }

  recycleAll(): Promise<void> {
    const all = [...this.#options.dispatcher.members];
    this.#recycling = all.reduce(
      (before, member) => before.then(() => this.#replace(member)),
      this.#recycling.catch(() => {}),
    );
    return this.#recycling;
  }

  /** Takes a member out that is of no use any more. */
  remove(member: Member): void {
    const { dispatcher, onGone } = this.#options;
    if (!dispatcher.members.has(member)) return;
    member.close();
    dispatcher.remove(member, () => member.supervisor.crash ?? new Error('The instance has ended.'));
    onGone(member);
  }

  /** To be called when a member runs fewer calls than before. */
  endIfRetired(member: Member): void {
    if (!member.isRetiring || member.running > 0 || member.own.size > 0) return;
    this.remove(member);
    this.#outside.add(member);
    const ended = member.supervisor.terminate(() => new Error('The instance was replaced.'));
    void ended.then(() => {
      this.#outside.delete(member);
      member.onGone();
    });
  }

  keepAlive(isListenedTo: boolean): void {
    for (const { supervisor } of this.#options.dispatcher.members) supervisor.keepAlive(isListenedTo);
  }

  async terminate(reason: ErrorFactory): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#sweep);
    const all = [...this.#options.dispatcher.members, ...this.#outside];
    for (const member of all) member.close();
    await Promise.all(all.map(({ supervisor }) => supervisor.terminate(reason)));
  }

  /** Replaces an instance whose host will end, by one on another. To be called with each new instance of a member. */
  followHost(member: Member, { connection }: Instance): void {
    connection.worker.listen({ onEnd() {}, onGarbage() {}, onDraining: () => this.#recycleLater(member) });
  }

  async #startOne(): Promise<Instance> {
    const { dispatcher, make, recycle } = this.#options;
    const member = make();
    this.#starting++;
    this.#outside.add(member);
    try {
      const instance = await member.supervisor.start();
      this.followHost(member, instance);
      dispatcher.add(member);
      member.setAge(recycle.age, () => this.#recycleLater(member));
      return instance;
    } finally {
      this.#starting--;
      this.#outside.delete(member);
    }
  }

  #recycleLater(member: Member): void {
    if (this.#isOver || member.isRetiring || member.isReplaced) return;
    member.isReplaced = true;
    this.#recycling = this.#recycling.catch(() => {}).then(() => this.#replace(member));
    this.#recycling.catch((error: unknown) => {
      // The old one goes on for as long again.
      member.isReplaced = false;
      member.calls = 0;
      if (!this.#isOver)
        warn('PROCXY_START_FAILED', `An instance of a pool could not be replaced. ${describeReason(error)}.`);
    });
  }

  /** The new one is there before the old one goes. */
  async #replace(member: Member): Promise<void> {
    const { members } = this.#options.dispatcher;
    if (this.#isOver || !members.has(member) || member.isRetiring) return;
    let instance: Instance;
    try {
      instance = await this.#startOne();
    } catch (error) {
      // The pool was closed meanwhile, and has ended the old one too.
      if (this.#isOver) return;
      throw error;
    }
    traceRestart({ ...instance.connection.context, key: undefined, reason: 'recycle' });
    await this.#retire(member);
  }

  /** The member takes no more calls, and is ended when it runs none. */
  #retire(member: Member): Promise<void> {
    member.isRetiring = true;
    this.#options.dispatcher.feed(member);
    this.endIfRetired(member);
    return member.gone;
  }

  #watchIdle(): void {
    clearInterval(this.#sweep);
    const { idleTimeout } = this.#options;
    if (idleTimeout === Infinity || this.#isOver) return;
    this.#sweep = setInterval(() => this.#endIdle(), Math.max(idleTimeout / 2, 1));
    this.#sweep.unref();
  }

  #endIdle(): void {
    const { dispatcher, idleTimeout } = this.#options;
    const time = now();
    for (const member of dispatcher.members) {
      if (dispatcher.members.size <= this.#size.min) return;
      if (member.isIdle && time - member.idleSince >= idleTimeout) void this.#retire(member);
    }
  }
}
