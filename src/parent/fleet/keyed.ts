import { now } from '../../clock.js';
import { markRan, TerminatedError } from '../../errors.js';
import { PoolClosedError } from '../../fleet-errors.js';
import type { keyedOptions } from '../../options/keyed.js';
import { onAbort } from '../../session/calls/abort.js';
import type { CallOptions, Settle } from '../../session/calls/open-call.js';
import type { KeyedStats } from '../../types/keyed.js';
import type { Instance, InstancePlan } from '../instance-plan.js';
import { traceQueue } from '../tracing.js';
import { FleetTimes } from './fleet-times.js';
import { IdleEntries } from './idle-entries.js';
import { KeyEntry } from './key-entry.js';
import { LinkedList } from './linked-list.js';
import { saveInstance } from './save-instance.js';
import { SharedChildren } from './shared-children.js';
import { WaitingCall, WaitingRoom } from './waiting-room.js';

export type KeyedPlan = InstancePlan<typeof keyedOptions>;
type Restore = (key: string) => unknown;

/** One instance for each key that is used. {@link KeyEntry} shows the states of one. */
export class Keyed {
  readonly #plan: KeyedPlan;
  readonly #entries = new Map<string, KeyEntry>();
  readonly #room: WaitingRoom<Instance>;
  /** Keys with calls for which there is no room yet. */
  readonly #queue = new LinkedList<KeyEntry>();
  /** Absent if each instance has a child for itself. */
  readonly #children: SharedChildren | undefined;
  readonly #idle: IdleEntries;
  /** Instances that are saved or ended. */
  readonly #leaving = new Set<KeyEntry>();
  readonly #times = new FleetTimes();
  #state: KeyedStats['state'] = 'running';
  #live = 0;
  #onQuiet: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #terminated: Promise<void> | undefined;
  #stopFollowing: () => void = () => {};

  constructor(plan: KeyedPlan) {
    const { signal, maxQueue, queueTimeout, idleTimeout, perChild, inProcess } = plan.options;
    this.#plan = plan;
    if (perChild > 1 && !inProcess) this.#children = new SharedChildren(plan);
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

  stats(): KeyedStats {
    const live = [...this.#entries.values()].filter(({ state }) => state !== 'absent' && state !== 'queued');
    return {
      state: this.#state,
      waiting: this.#room.calls.size,
      running: live.reduce((sum, { running }) => sum + running, 0),
      instances: live.map((entry) => entry.stats()),
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

  /** Starts instances for keys that wait, as far as there is room, or has idle ones make room. */
  #serveQueue(): void {
    const { maxInstances } = this.#plan.options;
    for (const entry of this.#queue) {
      if (this.#live >= maxInstances) break;
      this.#dequeue(entry);
      if (entry.calls.size > 0) void this.#start(entry);
      else this.#settleAbsent(entry);
    }
    // As many make room as are waited for, less those that are on their way out already.
    let leaving = this.#leaving.size;
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

  async #start(entry: KeyEntry): Promise<void> {
    const plan = this.#plan;
    entry.state = 'starting';
    this.#live++;
    try {
      const restore = plan.options.restore as Restore | undefined;
      const constructorArgs = restore ? [entry.key, await restore(entry.key)] : [entry.key];
      if (this.#state === 'closed') throw this.#closedError('constructor');
      entry.prepared = this.#children?.prepare() ?? plan.prepare();
      const instance = await plan.start(entry.prepared, { constructorArgs, advice: 'The next call makes a new one.' });
      this.#becomeUp(entry, instance);
    } catch (error) {
      this.#gone(entry, error);
    }
  }

  #becomeUp(entry: KeyEntry, instance: Instance): void {
    const { connection, self } = instance;
    self.current = entry.proxy;
    entry.instance = instance;
    entry.running = 0;
    entry.state = 'up';
    connection.events.attach(entry.listeners);
    void connection.worker.exited.then(() => {
      if (entry.instance === instance && entry.state !== 'ending') this.#gone(entry, undefined);
    });
    this.#handOverAll(entry);
  }

  #handOverAll(entry: KeyEntry): void {
    for (const call of entry.calls) if (entry.isUp) call.handOver(entry.instance as Instance);
    this.#checkIdle(entry);
  }

  /** @param error why it could not be made; left out where it has ended */
  #gone(entry: KeyEntry, error: unknown): void {
    this.#idle.delete(entry);
    this.#leaving.delete(entry);
    entry.instance = undefined;
    entry.prepared = undefined;
    entry.running = 0;
    entry.state = 'absent';
    this.#live--;
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
  async #retire(entry: KeyEntry): Promise<boolean> {
    const instance = entry.instance as Instance;
    this.#idle.delete(entry);
    this.#leaving.add(entry);
    entry.state = 'saving';
    try {
      await saveInstance(this.#plan, entry.key, instance, () => this.#state === 'running');
    } catch (error) {
      if (entry.instance !== instance) return true;
      this.#leaving.delete(entry);
      entry.saveError = error;
      entry.state = 'up';
      this.#handOverAll(entry);
      return false;
    }
    if (entry.instance !== instance) return true;
    entry.saveError = undefined;
    entry.state = 'ending';
    await instance.connection.terminate();
    this.#gone(entry, undefined);
    return true;
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
    if (!this.#onQuiet || this.#room.calls.size > 0 || this.#live !== this.#idle.size) return;
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
    const prepared = [...this.#entries.values()].map((entry) => entry.prepared);
    await Promise.all([
      ...prepared.map((each) => each?.connection.terminate(reason)),
      this.#children?.terminate(reason),
    ]);
  }

  #closedError(method: string): Error {
    const what = `${method}(): the instances by key are ${this.#state}. Make new ones by procxyKeyed().`;
    return markRan(new PoolClosedError(what), 'no');
  }
}
