import { now } from '../../clock.js';
import { markRan, TerminatedError } from '../../errors.js';
import { PoolClosedError } from '../../fleet-errors.js';
import { onAbort } from '../../session/calls/abort.js';
import type { CallOptions, Settle } from '../../session/calls/open-call.js';
import type { KeyedStats } from '../../types/keyed.js';
import type { Instance } from '../instance-plan.js';
import { traceQueue } from '../tracing.js';
import { FleetTimes } from './fleet-times.js';
import { IdleEntries } from './idle-entries.js';
import { KeyEntry } from './key-entry.js';
import { KeyLives } from './key-lives.js';
import { LastUsage } from './last-usage.js';
import { LinkedList } from './linked-list.js';
import type { KeyedPlan } from './plans.js';
import { WaitingCall, WaitingRoom } from './waiting-room.js';

/** One instance for each key that is used. {@link KeyEntry} shows the states of one. */
export class Keyed {
  readonly #plan: KeyedPlan;
  readonly #entries = new Map<string, KeyEntry>();
  readonly #room: WaitingRoom<Instance>;
  /** Keys with calls for which there is no room yet. */
  readonly #queue = new LinkedList<KeyEntry>();
  readonly #idle: IdleEntries;
  readonly #lives: KeyLives;
  readonly #times = new FleetTimes();
  readonly #usage = new LastUsage();
  #state: KeyedStats['state'] = 'running';
  #onQuiet: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #terminated: Promise<void> | undefined;
  #stopFollowing: () => void = () => {};

  constructor(plan: KeyedPlan) {
    const { signal, maxQueue, queueTimeout, idleTimeout } = plan.options;
    this.#plan = plan;
    this.#lives = new KeyLives({
      plan,
      refusal: (method) => (this.#state === 'closed' ? this.#closedError(method) : undefined),
      isAnnounced: () => this.#state === 'running',
      onUp: (entry) => this.#handOverAll(entry),
      onGone: (entry, error) => this.#gone(entry, error),
    });
    this.#room = new WaitingRoom({
      maxQueue,
      queueTimeout,
      what: 'its instance',
      remedy: 'Answer the request with 429, or raise `maxQueue` or `maxInstances`.',
    });
    this.#idle = new IdleEntries({
      idleTimeout,
      isWatching: () => this.#state === 'running',
      onExpired: (entry) => void this.#retire(entry),
    });
    if (signal) this.#stopFollowing = onAbort(signal, () => void this.terminate());
  }

  entry(key: string): KeyEntry {
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = new KeyEntry(key)));
    return entry;
  }

  open(
    key: string,
    proxy: object,
    {
      method,
      args,
      options,
      settle,
    }: { method: string; args: readonly unknown[]; options: CallOptions; settle: Settle },
  ): void {
    if (this.#state !== 'running') return settle.reject(this.#closedError(method));
    const entry = this.entry(key);
    entry.proxy = proxy;
    const make = (instance: Instance): void => this.#handOver(entry, instance, method, args, options, settle);
    if (entry.isUp) return make(entry.instance as Instance);
    const call: WaitingCall<Instance> = new WaitingCall({
      method,
      key,
      signal: options.signal,
      handOver: (instance) => {
        const wait = now() - call.since;
        this.#times.wait(wait);
        traceQueue({ ...instance.connection.context, method, key, wait });
        make(instance);
      },
      reject: (reason) => settle.reject(reason),
    });
    this.#room.enter(call, entry.calls);
    if (call.isWaiting && entry.state === 'absent') this.#enqueue(entry);
    else if (entry.isForgettable) this.#entries.delete(key);
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#terminate();
    return this.#terminated;
  }

  async stats(): Promise<KeyedStats> {
    const live = [...this.#entries.values()].filter(({ state }) => state !== 'absent' && state !== 'queued');
    return {
      state: this.#state,
      waiting: this.#room.calls.size,
      running: live.reduce((sum, { running }) => sum + running, 0),
      instances: await this.#usage.readEach(
        live.map((entry) => ({ stats: entry.stats(), owner: entry, connection: entry.instance?.connection })),
      ),
      waitTime: this.#times.waitTime,
      runTime: this.#times.runTime,
    };
  }

  #handOver(
    entry: KeyEntry,
    instance: Instance,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
  ): void {
    const begun = now();
    this.#idle.delete(entry);
    entry.running++;
    entry.handedOver++;
    const onDone = (): void => {
      if (entry.instance !== instance) return;
      entry.running--;
      this.#times.run(now() - begun);
      this.#checkIdle(entry);
    };
    const { connection } = instance;
    const onTimeout = options.onTimeout && connection.endLate;
    connection.open(method, args, { ...options, onTimeout, onDone }, settle);
  }

  #enqueue(entry: KeyEntry): void {
    entry.state = 'queued';
    this.#queue.push(entry);
    this.#serveQueue();
  }

  /** Starts instances for keys that wait, as far as there is room, or ends idle ones to make room. */
  #serveQueue(): void {
    const { maxInstances } = this.#plan.options;
    for (const entry of this.#queue) {
      if (this.#lives.live >= maxInstances) break;
      this.#dequeue(entry);
      if (entry.calls.size > 0) void this.#lives.start(entry);
      else this.#settleAbsent(entry);
    }
    // One idle instance makes room for each key that waits, less those that are ending already.
    let leaving = this.#lives.leaving.size;
    for (const entry of this.#idle) {
      if (leaving >= this.#queue.size) break;
      leaving++;
      void this.#retire(entry);
    }
  }

  #dequeue(entry: KeyEntry): void {
    // Keys are served in their order: it is the first one.
    this.#queue.shift();
    entry.state = 'absent';
  }

  #handOverAll(entry: KeyEntry): void {
    for (const call of entry.calls) if (entry.isUp) call.handOver(entry.instance as Instance);
    this.#checkIdle(entry);
  }

  /** @param error why it could not be made. Absent if it has ended */
  #gone(entry: KeyEntry, error: unknown): void {
    this.#idle.delete(entry);
    if (error !== undefined) for (const call of entry.calls) call.refuse(error);
    this.#settleAbsent(entry);
    this.#serveQueue();
    this.#checkQuiet();
  }

  #settleAbsent(entry: KeyEntry): void {
    if (entry.calls.size > 0 && this.#state !== 'closed') this.#enqueue(entry);
    else if (entry.isForgettable) this.#entries.delete(entry.key);
  }

  /** Saves and ends an instance that does nothing. */
  #retire(entry: KeyEntry): Promise<void> {
    this.#idle.delete(entry);
    return this.#lives.retire(entry);
  }

  #checkIdle(entry: KeyEntry): void {
    if (!entry.isIdle || this.#idle.has(entry)) return;
    this.#idle.add(entry);
    if (this.#queue.size > 0) this.#serveQueue();
    this.#idle.watch();
    this.#checkQuiet();
  }

  async #drain(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'draining';
      const quiet = new Promise<void>((resolve) => (this.#onQuiet = resolve));
      this.#checkQuiet();
      await quiet;
      const entries = [...this.#idle];
      await Promise.all(entries.map((entry) => this.#retire(entry)));
      const unsaved = entries.filter(({ state, saveError }) => state === 'up' && saveError !== undefined);
      if (unsaved.length > 0) {
        this.#state = 'running';
        this.#draining = undefined;
        this.#idle.watch();
        const keys = unsaved.map(({ key }) => `'${key}'`).join(', ');
        throw new AggregateError(
          unsaved.map(({ saveError }) => saveError),
          `$drain() could not save the instances of ${unsaved.length} keys, which live on: ${keys}. Call it again, or $terminate().`,
        );
      }
    }
    await this.terminate();
  }

  #checkQuiet(): void {
    if (!this.#onQuiet || this.#room.calls.size > 0 || this.#lives.live !== this.#idle.size) return;
    this.#onQuiet();
    this.#onQuiet = undefined;
  }

  async #terminate(): Promise<void> {
    this.#state = 'closed';
    this.#stopFollowing();
    this.#idle.close();
    this.#room.rejectAll((method) => this.#closedError(method));
    this.#onQuiet?.();
    const reason = (): Error => new TerminatedError('The instances by key were terminated while the call ran.');
    await this.#lives.terminate(this.#entries.values(), reason);
  }

  #closedError(method: string): Error {
    const what = `${method}(): the instances by key are ${this.#state}. Make new ones by procxyKeyed().`;
    return markRan(new PoolClosedError(what), 'no');
  }
}
