import { clearInterval, now, setInterval, setTimeout } from '../../clock.js';
import { describeReason } from '../../errors.js';
import type { PoolSize, Recycle } from '../../options/pool.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import { warn } from '../../warnings.js';
import type { Instance } from '../instance-plan.js';
import { traceRestart } from '../tracing.js';
import type { Member } from './member.js';
import type { Dispatcher } from './dispatcher.js';

/** How long no instance is started for a waiting call after a start has failed, in ms. */
const PAUSE = 1000;
/** The least time between two measurements of the memory of an instance, in ms. */
const MEASURE_EVERY = 1000;

export interface PoolMembersOptions {
  size: PoolSize;
  /** ms; `Infinity`: no limit. */
  idleTimeout: number;
  recycle: Recycle;
  dispatcher: Dispatcher;
  make(): Member;
  /** Bytes of memory of a member's process. `undefined` if it does not answer. */
  rss(member: Member): Promise<number | undefined>;
  /** Called when the pool has no members left, and could not start one. */
  onNoneLeft(error: Error): void;
  /** Called when a member was removed. */
  onGone(member: Member): void;
}

/** Keeps a pool at its size: starts members, replaces them, and ends those that have nothing to do. */
export class PoolMembers {
  readonly #options: PoolMembersOptions;
  #size: PoolSize;
  /** The members that are starting or ending. They take no calls. */
  readonly #outside = new Set<Member>();
  #starting = 0;
  #mayGrow = 0;
  #sweep: NodeJS.Timeout | undefined;
  /** Replacements that wait for each other, and for the calls of what they replace. */
  #recycling: Promise<void> = Promise.resolve();
  /** Those of members whose hosts will end. They wait only for each other. */
  #moving: Promise<void> = Promise.resolve();
  /** The members whose successors are starting. */
  readonly #replacing = new Map<Member, Promise<boolean>>();
  #isOver = false;

  constructor(options: PoolMembersOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#watchIdle();
  }

  get starting(): number {
    return this.#starting;
  }

  start(): Promise<Instance[]> {
    return Promise.all(Array.from({ length: this.#size.min }, () => this.#startOne()));
  }

  /** Starts one more member for a call that waits, if there may be more. */
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

  /** Call it when a member has finished a call. */
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
      (before, member) => before.then(() => this.#recycle(member)),
      this.#recycling.catch(() => {}),
    );
    return this.#recycling;
  }

  /** Removes a member that can no longer be used. */
  remove(member: Member): void {
    const { dispatcher, onGone } = this.#options;
    if (!dispatcher.members.has(member)) return;
    member.close();
    dispatcher.remove(member, () => member.supervisor.crash ?? new Error('The instance has ended.'));
    onGone(member);
  }

  /** Call it when a member runs fewer calls than before. */
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

  /** Replaces an instance whose host will end, by one on another. Call it with each new instance of a member. */
  followHost(member: Member, { connection }: Instance): void {
    connection.worker.listen({ onEnd() {}, onGarbage() {}, onDraining: () => this.#moveLater(member) });
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
    this.#recycling = this.#recycling.catch(() => {}).then(() => this.#recycle(member));
    this.#recycling.catch((error: unknown) => {
      // The old instance continues for as long again.
      member.isReplaced = false;
      member.calls = 0;
      if (this.#isOver || isLeaving(member)) return;
      warn('PROCXY_START_FAILED', `An instance of a pool could not be replaced. ${describeReason(error)}.`);
    });
  }

  #moveLater(member: Member): void {
    this.#moving = this.#moving.then(async () => {
      try {
        await this.#replace(member);
      } catch {
        // Another host has room sooner or later.
        setTimeout(() => isLeaving(member) && this.#moveLater(member), PAUSE).unref();
      }
    });
  }

  /** Resolves when the old one has ended too. */
  async #recycle(member: Member): Promise<void> {
    if (await this.#replace(member)) await member.gone;
  }

  /** The new instance is there before the old one ends. Resolves to whether it is there. */
  #replace(member: Member): Promise<boolean> {
    let replacing = this.#replacing.get(member);
    if (!replacing) {
      replacing = this.#startInPlaceOf(member).finally(() => this.#replacing.delete(member));
      this.#replacing.set(member, replacing);
    }
    return replacing;
  }

  async #startInPlaceOf(member: Member): Promise<boolean> {
    const { members } = this.#options.dispatcher;
    if (this.#isOver || !members.has(member) || member.isRetiring) return false;
    let instance: Instance;
    try {
      instance = await this.#startOne();
    } catch (error) {
      // The pool was closed meanwhile, and has ended the old one too.
      if (this.#isOver) return false;
      throw error;
    }
    const reason = isLeaving(member) ? 'drain' : 'recycle';
    traceRestart({ ...instance.connection.context, key: undefined, reason });
    void this.#retire(member);
    return true;
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

/** Whether the host of its instance will end. */
function isLeaving({ instance }: Member): boolean {
  return instance?.connection.worker.isDraining === true;
}
