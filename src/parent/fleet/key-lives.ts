import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { Instance } from '../instance-plan.js';
import type { Prepared } from '../spares.js';
import { traceRestart } from '../tracing.js';
import type { KeyEntry } from './key-entry.js';
import type { KeyedPlan } from './plans.js';
import { OwnChildren, type Places } from './places.js';
import { saveInstance } from './save-instance.js';
import { SharedChildren } from './shared-children.js';

type Restore = (key: string) => unknown;

export interface KeyLivesOptions {
  plan: KeyedPlan;
  /** Returns why no more instances can be made, if so. */
  refusal(method: string): Error | undefined;
  /** Whether a save that fails is a process warning. */
  isAnnounced(): boolean;
  /** The instance takes calls. */
  onUp(entry: KeyEntry): void;
  /** The instance is gone. `error` says why it could not be made, and is absent if it has ended. */
  onGone(entry: KeyEntry, error: unknown): void;
}

/** Makes the instances of keys, saves and ends them. {@link KeyEntry} shows the states of one. */
export class KeyLives {
  /** How many instances there are, including those that start or end. */
  live = 0;
  /** Instances that are saved or ended. */
  readonly leaving = new Set<KeyEntry>();
  readonly #options: KeyLivesOptions;
  readonly #places: Places;
  /** The crashes of keys that have no new instance yet: for as many keys as there may be instances. */
  readonly #crashes = new Map<string, Error>();

  constructor(options: KeyLivesOptions) {
    const { plan } = options;
    this.#options = options;
    this.#places =
      plan.options.perChild > 1 && !plan.options.inProcess ? new SharedChildren(plan) : new OwnChildren(plan);
  }

  async start(entry: KeyEntry): Promise<void> {
    const { plan, refusal } = this.#options;
    entry.state = 'starting';
    this.live++;
    try {
      const restore = plan.options.restore as Restore | undefined;
      const constructorArgs = restore ? [entry.key, await restore(entry.key)] : [entry.key];
      const over = refusal('constructor');
      if (over) throw over;
      const onLoaded = await this.#places.take(entry);
      const advice = 'The next call makes a new one.';
      const referenceAdvice = 'Get the object again by a call of the key, which makes a new instance.';
      const how = { constructorArgs, advice, referenceAdvice, onLoaded };
      this.#becomeUp(entry, await plan.start(entry.prepared as Prepared, how));
    } catch (error) {
      this.#gone(entry, error);
    }
  }

  /** Saves and ends an instance that does nothing. */
  async retire(entry: KeyEntry): Promise<void> {
    const instance = entry.instance as Instance;
    this.leaving.add(entry);
    entry.state = 'saving';
    try {
      await saveInstance(this.#options.plan, entry.key, instance, this.#options.isAnnounced);
    } catch (error) {
      if (entry.instance !== instance) return;
      this.leaving.delete(entry);
      entry.saveError = error;
      entry.state = 'up';
      this.#options.onUp(entry);
      return;
    }
    if (entry.instance !== instance) return;
    entry.saveError = undefined;
    entry.state = 'ending';
    await instance.connection.terminate();
    this.#gone(entry, undefined);
  }

  terminate(entries: Iterable<KeyEntry>, reason: ErrorFactory): Promise<unknown> {
    const connections = [...entries].map(({ prepared }) => prepared?.connection);
    return Promise.all([...connections.map((each) => each?.terminate(reason)), this.#places.terminate(reason)]);
  }

  #becomeUp(entry: KeyEntry, instance: Instance): void {
    const { connection, self } = instance;
    self.current = entry.proxy;
    entry.instance = instance;
    entry.running = 0;
    entry.state = 'up';
    connection.events.attach(entry.listeners);
    void connection.worker.exited.then(() => {
      if (entry.instance !== instance || entry.state === 'ending') return;
      this.#note(entry.key, connection.failure(this.#options.plan.className || 'constructor'));
      this.#gone(entry, undefined);
    });
    const crash = this.#crashes.get(entry.key);
    this.#crashes.delete(entry.key);
    if (crash) traceRestart({ ...connection.context, key: entry.key, reason: 'crash', error: crash });
    this.#options.onUp(entry);
  }

  #gone(entry: KeyEntry, error: unknown): void {
    this.leaving.delete(entry);
    entry.instance = undefined;
    entry.prepared = undefined;
    entry.running = 0;
    entry.state = 'absent';
    this.live--;
    this.#options.onGone(entry, error);
  }

  #note(key: string, crash: Error): void {
    this.#crashes.set(key, crash);
    if (this.#crashes.size <= this.#options.plan.options.maxInstances) return;
    const [oldest] = this.#crashes.keys();
    this.#crashes.delete(oldest as string);
  }
}
