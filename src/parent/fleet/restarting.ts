import { clearTimeout, setTimeout } from '../../clock.js';
import { ChildCrashedError, describeReason, markRan } from '../../errors.js';
import type { ResolvedRestart } from '../../options/restart.js';
import { onAbort } from '../../session/calls/abort.js';
import type { CallOptions, CallTarget, ErrorFactory, Settle } from '../../session/calls/open-call.js';
import type { Asking } from '../../session/calls/pipelined-result.js';
import { Listeners } from '../../session/events/listeners.js';
import { warn } from '../../warnings.js';
import type { Connection } from '../connection.js';
import type { Instance, InstancePlan } from '../instance-plan.js';
import { createProxy } from '../proxy.js';
import { terminated, terminatedBySignal } from '../reasons.js';
import { traceRestart } from '../tracing.js';
import { CALL_AGAIN } from '../worker.js';
import { Delegate } from './delegate.js';
import { leaveHost, type Leaving } from './leave-host.js';
import { refuseOneTime } from './refuse-one-time.js';
import { Supervisor } from './supervisor.js';
import { WaitingCall, WaitingRoom } from './waiting-room.js';

/**
 * ms for which new calls wait, at most, before an instance moves. They wait twice at most, and for a fraction of their
 * `queueTimeout`.
 */
const HOLD = 1000;

/** Makes an instance that is recreated when its child ends, and the proxy for it. */
export async function startRestarting(plan: InstancePlan, restart: ResolvedRestart): Promise<object> {
  refuseOneTime(plan.constructorArgs, 'The option `restart`');
  const instance = new Restarting(plan, restart);
  const { description } = await instance.start();
  const proxy = createProxy<object>(instance.source(description));
  instance.represent(proxy);
  return proxy;
}

/**
 * One instance after another, behind one proxy. {@link Supervisor} says when there is one.
 *
 * | the supervisor is  | a call                                                      |
 * | ------------------ | ----------------------------------------------------------- |
 * | up                 | goes to the instance. Waits while it is about to move       |
 * | starting, or down  | waits, or rejects with the crash: as `whileDown` says       |
 * | failed             | rejects, with the last crash as the cause                   |
 * | over               | rejects with a `TerminatedError`                            |
 *
 * Calls that the old instance has not answered reject as soon as it has ended. None of them is made again.
 */
export class Restarting extends Delegate {
  readonly listeners: Listeners;
  readonly #plan: InstancePlan;
  readonly #restart: ResolvedRestart;
  readonly #supervisor: Supervisor;
  readonly #room: WaitingRoom<Connection>;
  /** The last instance that was up. */
  #instance!: Instance;
  #proxy: object | undefined;
  #over: ErrorFactory | undefined;
  #stopFollowing: () => void = () => {};
  /** The instance whose calls wait: it is about to move. */
  #held: Instance | undefined;
  #release: NodeJS.Timeout | undefined;
  #moveReason: Error | undefined;

  constructor(plan: InstancePlan, restart: ResolvedRestart) {
    super();
    this.#plan = plan;
    this.#restart = restart;
    const isListenedTo = (): boolean => this.listeners.events.length > 0;
    this.listeners = new Listeners(
      () => this.#proxy,
      () => this.#supervisor.keepAlive(isListenedTo()),
    );
    this.#room = new WaitingRoom({
      ...restart,
      what: 'the next child',
      remedy: "Raise the option `restart.maxQueue`, or reject such calls by `whileDown: 'reject'`.",
    });
    this.#supervisor = new Supervisor({
      plan,
      backoff: restart,
      constructorArgs: plan.constructorArgs,
      setUp: (instance, crash) => this.#setUp(instance, crash),
      isListenedTo,
      onUp: (instance, crash) => this.#up(instance, crash),
      onDown: () => {},
      onFailed: () => {
        this.#stopFollowing();
        this.#room.rejectAll((method) => this.#failure(method));
      },
    });
  }

  async start(): Promise<Instance> {
    this.#instance = await this.#supervisor.start();
    const { signal } = this.#plan.options;
    if (signal) this.#stopFollowing = onAbort(signal, () => void this.terminate(terminatedBySignal(signal)));
    this.#followHost(this.#instance);
    return this.#instance;
  }

  source(description: Instance['description']): Parameters<typeof createProxy>[0] {
    const { options, className, type } = this.#plan;
    return { connection: this, description, options, className, type };
  }

  /** @param proxy the object that represents the instances on this side */
  represent(proxy: object): void {
    this.#proxy = proxy;
    this.#instance.self.current = proxy;
  }

  get connection(): Connection {
    return this.#instance.connection;
  }

  get restarts(): number {
    return this.#supervisor.restarts;
  }

  override openPipelined(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target?: CallTarget,
  ): Asking | undefined {
    let asking: Asking | undefined;
    const handOver = (connection: Connection): void => {
      asking = connection.openPipelined(method, args, options, settle, target);
    };
    this.#reach(method, options, handOver, (reason) => settle.reject(reason));
    return asking;
  }

  open(method: string, args: readonly unknown[], options: CallOptions, settle: Settle, target?: CallTarget): void {
    const reject = (reason: unknown): void => settle.reject(reason);
    this.#reach(method, options, (connection) => void connection.open(method, args, options, settle, target), reject);
  }

  terminate(reason: ErrorFactory = terminated): Promise<void> {
    this.#over ??= reason;
    this.#stopFollowing();
    this.#room.rejectAll(this.#over);
    return this.#supervisor.terminate(this.#over);
  }

  protected ask<T>(method: string, options: CallOptions, ask: (connection: Connection) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reach(method, options, (connection) => resolve(ask(connection)), reject);
    });
  }

  /** Makes a call now, or when there is an instance, or rejects it. */
  #reach(
    method: string,
    { signal }: CallOptions,
    handOver: (connection: Connection) => void,
    reject: (reason: unknown) => void,
  ): void {
    const { available, state } = this.#supervisor;
    if (available && available !== this.#held) return handOver(available.connection);
    if (this.#over) return reject(markRan(this.#over(method), 'no'));
    if (state === 'failed' || state === 'over') return reject(this.#failure(method));
    if (this.#restart.whileDown === 'reject' && !available) return reject(this.connection.failure(method));
    // None is rejected because of a move.
    if (available && this.#room.isFull) {
      this.#releaseHeld();
      return handOver(available.connection);
    }
    this.#room.enter(new WaitingCall({ method, signal, handOver, reject }));
  }

  #followHost(instance: Instance): void {
    const leaving: Leaving = {
      isCurrent: () => this.#supervisor.available === instance,
      hold: () => this.#hold(instance),
      isHeld: () => this.#held === instance,
      release: () => this.#held === instance && this.#releaseHeld(),
      startSuccessor: (reason) => this.#supervisor.startSuccessor((this.#moveReason = reason)),
      replace: (successor, reason) => this.#supervisor.replace(successor, reason),
    };
    const onDraining = (): void => void leaveHost(instance, leaving);
    instance.connection.worker.listen({ onEnd() {}, onGarbage() {}, onDraining });
  }

  #hold(instance: Instance): void {
    if (this.#held === instance) return;
    clearTimeout(this.#release);
    this.#held = instance;
    this.#release = setTimeout(() => this.#releaseHeld(), Math.min(HOLD, this.#restart.queueTimeout / 4));
    this.#release.unref();
  }

  #releaseHeld(): void {
    clearTimeout(this.#release);
    this.#held = undefined;
    // Without an instance, they wait for the next one.
    if (this.#supervisor.available) this.#handOver();
  }

  async #setUp(instance: Instance, crash: Error | undefined): Promise<void> {
    const { connection, description, self } = instance;
    connection.events.attach(this.listeners);
    const { onRestart } = this.#restart;
    if (!crash || !onRestart) return;
    // Its calls overtake the calls that wait. A method that returns `this` returns the same proxy.
    const proxy = createProxy<object>({ ...this.source(description), connection });
    self.current = proxy;
    await onRestart(proxy, crash);
  }

  #up(instance: Instance, crash: Error): void {
    this.#instance = instance;
    instance.self.current = this.#proxy;
    const { className } = this.#plan;
    const reason = crash === this.#moveReason ? 'drain' : 'crash';
    traceRestart({ ...instance.connection.context, key: undefined, reason, error: crash });
    if (!this.#restart.onRestart) {
      const what = `The instance of ${className || 'an anonymous class'} was made again, in the child ${instance.connection.worker.pid}`;
      warn('PROCXY_RESTARTED', `${what}. ${describeReason(crash)}.`);
    }
    this.#followHost(instance);
    this.#handOver();
  }

  /** Makes the calls that wait. The instance may end meanwhile. */
  #handOver(): void {
    const { connection } = this;
    for (const call of this.#room.calls) if (connection.isOpen) call.handOver(connection);
  }

  #failure(method: string): Error {
    const { crash } = this.#supervisor;
    if (!crash) return this.connection.failure(method);
    const { maxRestarts, within } = this.#restart;
    const details =
      crash instanceof ChildCrashedError
        ? { exitCode: crash.exitCode, signal: crash.signal, stderr: crash.stderr }
        : { exitCode: null, signal: null };
    const error = new ChildCrashedError(
      `${method}(): the child process has crashed more than ${maxRestarts} times within ${within} ms, and is not started again. ` +
        `The last crash is the cause. ${CALL_AGAIN}`,
      { ...details, cause: crash },
    );
    return markRan(error, 'no');
  }
}
