import { availableParallelism } from 'node:os';
import { markRan, TerminatedError } from '../../errors.js';
import { PoolClosedError } from '../../fleet-errors.js';
import type { PoolSize } from '../../options/pool.js';
import { onAbort } from '../../session/calls/abort.js';
import type { CallOptions, Settle } from '../../session/calls/open-call.js';
import { Listeners } from '../../session/events/listeners.js';
import type { PoolStats } from '../../types/pool.js';
import type { Instance } from '../instance-plan.js';
import { traceQueue } from '../tracing.js';
import { FleetStats } from './fleet-stats.js';
import { lend, type Lender } from './lend.js';
import { makeMember } from './make-member.js';
import type { Member } from './member.js';
import type { PoolPlan } from './plans.js';
import { PoolMembers } from './pool-members.js';
import { Dispatcher } from './dispatcher.js';
import { WaitingCall } from './waiting-room.js';

/**
 * Equal instances behind one queue. {@link Dispatcher} brings calls to them, {@link PoolMembers} starts and ends them.
 *
 * | state    | takes calls | what follows                                                                   |
 * | -------- | ----------- | ------------------------------------------------------------------------------ |
 * | running  | yes         | draining, closed; failed, when every instance has used up its restarts         |
 * | draining | no          | closed, when no call waits or runs                                             |
 * | failed   | no          | closed                                                                         |
 * | closed   | no          | nothing                                                                        |
 */
export class Pool {
  readonly listeners: Listeners;
  /** The object that represents the pool on this side. */
  proxy: object | undefined;
  readonly #plan: PoolPlan;
  readonly #dispatcher: Dispatcher;
  readonly #members: PoolMembers;
  readonly #stats = new FleetStats();
  #state: PoolStats['state'] = 'running';
  /** The last crash of the last instance. */
  #failure: Error | undefined;
  #onEmpty: (() => void) | undefined;
  #stopFollowing: () => void = () => {};
  #drained: Promise<void> | undefined;
  #terminated: Promise<void> | undefined;

  constructor(plan: PoolPlan) {
    this.#plan = plan;
    const { options } = plan;
    const isListenedTo = (): boolean => this.listeners.events.length > 0;
    this.listeners = new Listeners(
      () => this.proxy,
      () => this.#members.keepAlive(isListenedTo()),
    );
    this.#dispatcher = new Dispatcher({
      maxQueue: options.maxQueue,
      queueTimeout: options.queueTimeout,
      what: 'an instance of the pool',
      state: () => this.#summary(),
      remedy: 'Wait for $room(), answer the request with 429, or raise `maxQueue`.',
      choose: options.choose,
      onHandOver: (call, member, wait) => {
        this.#stats.wait(wait);
        if (wait > 0) traceQueue({ className: plan.className, pid: member.supervisor.pid, ...call, wait });
      },
      onDone: (member, time) => {
        this.#stats.run(time);
        this.#afterCall(member);
      },
      onWaiting: () => this.#members.grow(),
    });
    this.#members = new PoolMembers({
      size: options.size ?? { min: availableParallelism(), max: availableParallelism() },
      idleTimeout: options.idleTimeout,
      recycle: options.recycle ?? {},
      dispatcher: this.#dispatcher,
      rss: (member) => this.#stats.rss(member),
      onGone: (member) => (this.#stats.restarts += member.supervisor.restarts),
      onNoneLeft: (error) => this.#failAll(error),
      make: () =>
        makeMember({
          plan,
          listeners: this.listeners,
          proxy: () => this.proxy,
          isListenedTo,
          onUp: (member, instance) => {
            this.#members.followHost(member, instance);
            this.#dispatcher.feed(member);
          },
          onDown: (member, crash) => this.#lose(member, crash),
          onFailed: (member, crash) => this.#fail(member, crash),
        }),
    });
  }

  /** Starts the smallest number of instances. If one cannot be made, all are ended. */
  async start(): Promise<Instance> {
    const { signal } = this.#plan.options;
    signal?.throwIfAborted();
    if (signal) this.#stopFollowing = onAbort(signal, () => void this.terminate());
    try {
      const [first] = await this.#members.start();
      return first as Instance;
    } catch (error) {
      await this.terminate();
      throw signal?.aborted ? signal.reason : error;
    }
  }

  /** Returns a sentence that tells overload from instances that are being replaced. */
  #summary(): string {
    const members = [...this.#dispatcher.members];
    const ready = members.filter(({ instance }) => instance).length;
    return `Instances: ${ready} ready, ${members.length - ready + this.#members.starting} starting.`;
  }

  /** @param proxy the object that represents the pool on this side */
  represent(proxy: object): void {
    this.proxy = proxy;
    for (const { instance } of this.#dispatcher.members) if (instance) instance.self.current = proxy;
  }

  open(method: string, args: readonly unknown[], options: CallOptions, key: string | undefined, settle: Settle): void {
    if (this.#state !== 'running') return settle.reject(this.#closedError(method));
    this.#dispatcher.open({ method, args, options, settle, key });
  }

  /** Calls a method on every instance that is up. Each call waits for its turn there. */
  all(method: string, args: readonly unknown[], options: CallOptions): Promise<PromiseSettledResult<unknown>[]> {
    const members = [...this.#dispatcher.members].filter(({ instance }) => instance);
    const calls = members.map(
      (member) =>
        new Promise((resolve, reject) => {
          if (this.#state !== 'running') return reject(this.#closedError(method));
          const handOver = (chosen: Member): void => {
            this.#dispatcher.run(chosen, { method, args, options, settle: { resolve, reject }, key: undefined });
          };
          this.#dispatcher.enter(new WaitingCall({ method, signal: options.signal, handOver, reject }), member);
        }),
    );
    return Promise.allSettled(calls);
  }

  /** Runs a function with an instance that meanwhile runs nothing else. */
  use(run: (proxy: object) => unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'running') return reject(this.#closedError('$use'));
      const lender: Lender = {
        plan: this.#plan,
        dispatcher: this.#dispatcher,
        proxy: () => this.proxy,
        onReturned: (member) => this.#afterCall(member),
      };
      const handOver = (member: Member): void => resolve(lend(member, run, lender));
      this.#dispatcher.enterExclusive(new WaitingCall({ method: '$use', isExclusive: true, signal, handOver, reject }));
    });
  }

  async room(): Promise<void> {
    const isOver = (): boolean => this.#state !== 'running';
    if (!isOver()) await this.#dispatcher.whenRoom(isOver);
    if (isOver()) throw this.#closedError('$room');
  }

  resize(size: PoolSize): Promise<void> {
    if (this.#state !== 'running') return Promise.reject(this.#closedError('$resize'));
    return this.#members.resize(size);
  }

  recycle(): Promise<void> {
    if (this.#state !== 'running') return Promise.reject(this.#closedError('$recycle'));
    return this.#members.recycleAll();
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'draining';
      const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
      this.#checkEmpty();
      await empty;
    }
    await this.terminate();
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#terminate();
    return this.#terminated;
  }

  async #terminate(): Promise<void> {
    this.#state = 'closed';
    this.#stopFollowing();
    this.#dispatcher.room.rejectAll((method) => this.#closedError(method));
    this.#onEmpty?.();
    await this.#members.terminate(() => new TerminatedError('The pool was terminated while the call ran.'));
  }

  stats(): Promise<PoolStats> {
    return this.#stats.read(this.#state, this.#dispatcher.room.calls.size, this.#dispatcher.members);
  }

  #afterCall(member: Member): void {
    this.#members.afterCall(member);
    this.#checkEmpty();
  }

  #lose(member: Member, crash: Error): void {
    member.isLeased = false;
    member.reserved = undefined;
    this.#dispatcher.lose(member, () => crash);
    this.#members.endIfRetired(member);
    this.#checkEmpty();
  }

  #fail(member: Member, crash: Error): void {
    this.#lose(member, crash);
    this.#members.remove(member);
    this.#plan.options.onFailed?.(crash);
    if (this.#dispatcher.members.size === 0 && this.#members.starting === 0) this.#failAll(crash);
  }

  #failAll(crash: Error): void {
    if (this.#state === 'closed') return;
    this.#failure = crash;
    if (this.#state === 'running') this.#state = 'failed';
    this.#dispatcher.room.rejectAll((method) => this.#closedError(method));
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#onEmpty && this.#dispatcher.room.calls.size === 0 && this.#dispatcher.running === 0) this.#onEmpty();
  }

  #closedError(method: string): Error {
    const state =
      this.#state === 'failed' ? 'has failed: all its instances have used up their restarts' : `is ${this.#state}`;
    const cause = this.#failure && { cause: this.#failure };
    return markRan(new PoolClosedError(`${method}(): the pool ${state}. Make a new one by procxyPool().`, cause), 'no');
  }
}
