import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clearTimeout, MAX_DELAY, now, setTimeout } from '../../clock.js';
import { ModuleResolutionError, TimeoutError } from '../../errors.js';
import type { ModuleReference } from '../../protocol.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { Instance, InstancePlan } from '../instance-plan.js';
import type { Prepared } from '../spares.js';
import { Backoff, type BackoffOptions } from './backoff.js';

export interface SupervisorOptions {
  plan: InstancePlan;
  backoff: BackoffOptions;
  constructorArgs: readonly unknown[];
  /**
   * Makes an instance ready for its first call. It counts as a part of the start.
   * @param crash why it is made, unless it is the first one
   */
  setUp(instance: Instance, crash: Error | undefined): Promise<unknown>;
  /** Whether it has listeners. Calls that wait keep this process alive by themselves. */
  isListenedTo(): boolean;
  /** Called when a new instance is ready, after `crash`. */
  onUp(instance: Instance, crash: Error): void;
  /** Called when the instance has ended, or could not be started again, and another one follows. */
  onDown(crash: Error): void;
  /** Called when the instance has ended, and none follows. */
  onFailed(crash: Error): void;
}

/** The last sentence of crash errors, if another instance follows. */
const ADVICE = 'A new one takes its place.';
/** The same for a call on a reference. */
const REFERENCE_ADVICE = 'Get the object again from the new child, for example in `onRestart`.';

/**
 * Keeps one instance running:
 *
 *               first start rejects
 *     starting ────────────────────> over <──── terminate(), in any state
 *      │    ^
 *      │    └─ the delay is over ── down
 *      │                             ^  the child has ended, or a start after the first has failed
 *      └─ the instance is ready ─> up ──> failed, where there were too many crashes
 *
 * While it is up, a successor can be started, and take the place of the instance: see `replace()`. It is up all the time.
 *
 * | state    | is there a child?  | what follows                        |
 * | -------- | ------------------ | ----------------------------------- |
 * | starting | yes                | up, down, failed or over            |
 * | up       | yes, until it ends | down or failed when it has ended    |
 * | down     | no                 | starting, after the delay           |
 * | failed   | no                 | nothing                             |
 * | over     | until it has ended | nothing                             |
 */
export class Supervisor {
  state: 'starting' | 'up' | 'down' | 'failed' | 'over' = 'starting';
  restarts = 0;
  /** The last crash. */
  crash: Error | undefined;
  readonly #options: SupervisorOptions;
  readonly #backoff: Backoff;
  /** What is started now, or was started last. */
  #prepared: Prepared | undefined;
  #instance: Instance | undefined;
  /** A successor that starts, and instances that were replaced, until they have ended. */
  readonly #beside = new Set<Prepared>();
  #timer: NodeJS.Timeout | undefined;
  #terminated: Promise<void> | undefined;
  /** When the module of the first instance was written. */
  #moduleTime: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  /** The instance that takes calls. */
  get available(): Instance | undefined {
    return this.state === 'up' && this.#instance?.connection.isOpen === true ? this.#instance : undefined;
  }

  /** The process of the instance that runs, or is started, or was the last one. */
  get pid(): number | undefined {
    return this.#prepared?.connection.worker.pid;
  }

  /** The first start. If it fails, nothing is tried again. */
  async start(): Promise<Instance> {
    try {
      const instance = await this.#attempt(undefined);
      this.#moduleTime = timeOf(this.#options.plan.module());
      return instance;
    } catch (error) {
      this.state = 'over';
      throw error;
    }
  }

  /** Whether the start that is due keeps this process alive: to be called when that changes. */
  keepAlive(isListenedTo: boolean): void {
    if (this.state === 'down') this.#timer?.[isListenedTo ? 'ref' : 'unref']();
  }

  /** @param reason why open calls reject */
  terminate(reason: ErrorFactory): Promise<void> {
    this.#terminated ??= this.#terminate(reason);
    return this.#terminated;
  }

  async #terminate(reason: ErrorFactory): Promise<void> {
    this.state = 'over';
    clearTimeout(this.#timer);
    await Promise.all([this.#prepared, ...this.#beside].map((each) => each?.connection.terminate(reason)));
  }

  /**
   * Starts an instance that can {@link replace} the one that is up. If that fails, it rejects, and nothing else changes.
   * @param reason what `setUp` gets in place of a crash
   */
  startSuccessor(reason: Error): Promise<Instance> {
    const prepared = this.#options.plan.prepare();
    this.#addBeside(prepared);
    return this.#make(prepared, reason);
  }

  /**
   * Ends the instance that is up: `successor` takes its place. That is not a crash.
   * @param reason what `onUp` gets in place of a crash
   */
  replace(successor: Instance, reason: Error): void {
    const old = this.#instance;
    this.#prepared = successor;
    this.#serve(successor);
    this.restarts++;
    this.#options.onUp(successor, reason);
    if (!old) return;
    this.#addBeside(old);
    void old.connection.terminate(() => reason);
  }

  #addBeside(prepared: Prepared): void {
    this.#beside.add(prepared);
    void prepared.connection.worker.exited.then(() => this.#beside.delete(prepared));
  }

  async #attempt(crash: Error | undefined): Promise<Instance> {
    this.state = 'starting';
    this.#prepared = this.#options.plan.prepare();
    const instance = await this.#make(this.#prepared, crash);
    this.state = 'up';
    this.#serve(instance);
    return instance;
  }

  #serve(instance: Instance): void {
    this.#instance = instance;
    void instance.connection.worker.exited.then(() => this.#ended(instance));
  }

  /** Makes an instance that is set up. If that fails, its worker has ended. */
  async #make(prepared: Prepared, crash: Error | undefined): Promise<Instance> {
    const { plan, constructorArgs, setUp } = this.#options;
    const begun = now();
    const instance = await plan.start(prepared, { constructorArgs, advice: ADVICE, referenceAdvice: REFERENCE_ADVICE });
    const { connection } = instance;
    try {
      const left = Math.max(plan.options.startTimeout - (now() - begun), 1);
      await within(left, plan.options.startTimeout, connection.worker.exited, setUp(instance, crash));
      if (!connection.isOpen) throw connection.failure('setup');
    } catch (error) {
      connection.worker.end('drop');
      await connection.worker.exited;
      throw error;
    }
    return instance;
  }

  #ended(instance: Instance): void {
    if (this.state !== 'up' || instance !== this.#instance) return;
    if (this.#options.plan.options.signal?.aborted) this.state = 'over';
    else this.#crashed(instance.connection.failure(this.#options.plan.className || 'constructor'));
  }

  #crashed(crash: Error): void {
    this.crash = crash;
    const delay = this.#backoff.next(now());
    this.state = delay === undefined ? 'failed' : 'down';
    if (delay === undefined) return this.#options.onFailed(crash);
    this.#options.onDown(crash);
    this.#timer = setTimeout(() => void this.#again(crash), delay);
    this.keepAlive(this.#options.isListenedTo());
  }

  async #again(crash: Error): Promise<void> {
    let instance: Instance;
    try {
      instance = await this.#attempt(crash);
    } catch (error) {
      // It may have been terminated meanwhile.
      if (this.state === 'starting') this.#crashed(this.#explained(error));
      return;
    }
    this.restarts++;
    this.#options.onUp(instance, crash);
  }

  /** A new child may find another text in the module than this process did. */
  #explained(error: unknown): Error {
    if (!(error instanceof ModuleResolutionError)) return error as Error;
    const { plan } = this.#options;
    if (timeOf(plan.module()) === this.#moduleTime) return error;
    return new ModuleResolutionError(
      `${error.message} The file has changed since this process started: it was deployed in place. Restart this process.`,
      { cause: error },
    );
  }
}

/** When the module was written, in ms. `undefined` if that is not known. */
function timeOf(module: ModuleReference): number | undefined {
  if (!('url' in module) || !module.url.startsWith('file:')) return undefined;
  return statSync(fileURLToPath(module.url), { throwIfNoEntry: false })?.mtimeMs;
}

/** Waits for the set-up of an instance until its time is over, or the instance has ended. */
async function within(left: number, limit: number, ended: Promise<unknown>, setUp: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (limit === Infinity) return;
    const message =
      `The instance was made, but was not set up within ${limit} ms. Raise \`startTimeout\`. ` +
      'In `onRestart` and `setup`, call only the proxy that the function gets: calls on the other one wait for its end.';
    timer = setTimeout(() => reject(new TimeoutError('setup', limit, message)), Math.min(left, MAX_DELAY));
  });
  setUp.catch(() => {});
  try {
    await Promise.race([setUp, late, ended]);
  } finally {
    clearTimeout(timer);
  }
}
