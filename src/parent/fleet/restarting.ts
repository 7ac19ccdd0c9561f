import { ChildCrashedError, describeReason, markRan } from '../../errors.js';
import type { ResolvedRestart } from '../../options/restart.js';
import { onAbort } from '../../session/calls/abort.js';
import type { CallOptions, CallTarget, ErrorFactory, Settle } from '../../session/calls/open-call.js';
import { PipelinedResult, type Asking } from '../../session/calls/pipelined-result.js';
import { Listeners } from '../../session/events/listeners.js';
import { warn } from '../../warnings.js';
import type { Connection } from '../connection.js';
import type { Instance, InstancePlan } from '../instance-plan.js';
import { createProxy } from '../proxy.js';
import { terminated, terminatedBySignal } from '../reasons.js';
import { traceRestart } from '../tracing.js';
import { CALL_AGAIN } from '../worker.js';
import { Delegate } from './delegate.js';
import { refuseOneTime } from './refuse-one-time.js';
import { Supervisor } from './supervisor.js';
import { WaitingCall, WaitingRoom } from './waiting-room.js';

/** Makes an instance that is made again when its child ends, and the proxy for it. */
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
 * | up                 | goes to the instance                                        |
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
  /** The last one that was up. */
  #instance!: Instance;
  #proxy: object | undefined;
  #over: ErrorFactory | undefined;
  #stopFollowing: () => void = () => {};

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
    return this.#instance;
  }

  source(description: Instance['description']): Parameters<typeof createProxy>[0] {
    const { options, className, type } = this.#plan;
    return { connection: this, description, options, className, type };
  }

  /** @param proxy what stands for the instances on this side */
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

  override call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown> {
    if (!this.pipelines) return super.call(method, args, options, target);
    return PipelinedResult.open((settle) => {
      let asking: Asking | undefined;
      const handOver = (connection: Connection): void => {
        asking = connection.openPipelined(method, args, options, settle, target);
      };
      this.#reach(method, options, handOver, (reason) => settle.reject(reason));
      return asking;
    }, args);
  }

  get pipelines(): boolean {
    return this.connection.pipelines;
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

  /** Has a call made now, or when there is an instance, or rejects it. */
  #reach(
    method: string,
    { signal }: CallOptions,
    handOver: (connection: Connection) => void,
    reject: (reason: unknown) => void,
  ): void {
    const { available, state } = this.#supervisor;
    if (available) return handOver(available.connection);
    if (this.#over) return reject(markRan(this.#over(method), 'no'));
    if (state === 'failed' || state === 'over') return reject(this.#failure(method));
    if (this.#restart.whileDown === 'reject') return reject(this.connection.failure(method));
    this.#room.enter(new WaitingCall({ method, signal, handOver, reject }));
  }

  async #setUp(instance: Instance, crash: Error | undefined): Promise<void> {
    const { connection, description, self } = instance;
    connection.events.attach(this.listeners);
    const { onRestart } = this.#restart;
    if (!crash || !onRestart) return;
    // It goes past the calls that wait; so does a method that returns `this`.
    const proxy = createProxy<object>({ ...this.source(description), connection });
    self.current = proxy;
    await onRestart(proxy, crash);
  }

  #up(instance: Instance, crash: Error): void {
    this.#instance = instance;
    instance.self.current = this.#proxy;
    const { className } = this.#plan;
    traceRestart({ ...instance.connection.context, key: undefined, reason: 'crash', error: crash });
    if (!this.#restart.onRestart) {
      const what = `The instance of ${className || 'an anonymous class'} was made again, in the child ${instance.connection.worker.pid}`;
      warn('PROCXY_RESTARTED', `${what}. ${describeReason(crash)}.`);
    }
    for (const call of this.#room.calls) {
      // It may have ended at once.
      if (instance.connection.isOpen) call.handOver(instance.connection);
    }
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
