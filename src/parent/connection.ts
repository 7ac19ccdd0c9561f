/*
 * This file is longer than most, because a connection answers for each member of `RemoteInstance`. Its methods only pass requests
 * on to parts that have files of their own.
 */
import type { UntypedFunction } from '../types/any-function.js';
import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { ProtocolError, type TimeoutError } from '../errors.js';
import { MuxChannel } from '../channel/mux-channel.js';
import type { InstanceDescription, LoadRequest, ProcessUsage, ShareRequest } from '../protocol.js';
import type { CallOptions, CallTarget, ErrorFactory, OpenCall, Settle } from '../session/calls/open-call.js';
import type { AskResult, Asking } from '../session/calls/pipelined-result.js';
import type { EventSubscriptions } from '../session/events/event-subscriptions.js';
import { Listeners } from '../session/events/listeners.js';
import type { Session } from '../session/session.js';
import { debug } from '../session/wire/debug-log.js';
import type { ResolvedHeartbeat } from '../options/containment.js';
import type { PassableHandle } from '../types/serializable.js';
import type { ProcxyStats } from '../types/stats.js';
import { AgentQuestions, type AskAgent } from './agent-questions.js';
import { CallMaker } from './call-maker.js';
import { callbackRequest, referenceRequest } from './callback-options.js';
import type { ConnectionOptions, Shared, StartOptions } from './connection-options.js';
import { endingOnAbort } from './ending-on-abort.js';
import { HeartbeatWatch } from './heartbeat-watch.js';
import { openParentSide, type ParentSide } from './parent-side.js';
import type { PropertyMirror } from './property-mirror.js';
import type { RemoteInstance } from './remote-instance.js';
import { callOptions, type CallDefaults } from './remote-method.js';
import { remoteObjects } from './remote-objects.js';
import { startInstance } from './start-instance.js';
import { isTraced, traceCall, traceEnd, type ChildContext } from './tracing.js';
import { WorkerLife } from './worker-life.js';
import type { Worker } from './worker.js';

/**
 * A worker, the session with it, and the calls that go to its instance. {@link WorkerLife} says whether calls can still be
 * made.
 */
export class Connection extends CallMaker implements RemoteInstance {
  readonly worker: Worker;
  /** The listeners of the proxy that leads only here. */
  readonly listeners: Listeners;
  readonly #side: ParentSide;
  readonly #session: Session;
  readonly #life: WorkerLife;
  readonly #questions: AgentQuestions;
  readonly #options: ConnectionOptions;
  #className = '';
  /** The class of the instance, if this process has loaded it. */
  #type: () => object | undefined = () => undefined;
  /** The options of calls that have none of their own. */
  #callDefaults: CallDefaults = { timeout: Infinity, retries: 0, onTimeout: 'keep' };
  #expectsHeartbeat = false;
  #heartbeat: HeartbeatWatch | undefined;

  /** @param transfers transfer handlers that are asked before the built-in ones */
  constructor(worker: Worker, options: ConnectionOptions, self: Self, transfers: readonly TransferHandler[]) {
    super();
    this.worker = worker;
    this.#options = options;
    this.#questions = new AgentQuestions(this.#askAgent, options.supportHandles);
    this.#side = openParentSide(worker, {
      self,
      transfers,
      carried: options,
      className: () => this.#className,
      expectsHeartbeat: () => this.#expectsHeartbeat,
      isOver: () => this.#life.isOver,
      createReference: remoteObjects(() => ({ connection: this, options: this.#callDefaults, type: this.#type })),
      onViolation: (error) => {
        this.#life.end((method) => new ProtocolError(`${method}(): ${error.message}`, { cause: error.cause }));
        worker.end('kill', error.message);
      },
    });
    const { session } = this.#side;
    this.#session = session;
    this.listeners = new Listeners(() => self.current);
    this.events.attach(this.listeners);
    this.#life = new WorkerLife(worker, {
      terminateTimeout: options.terminateTimeout,
      ask: (method) => session.call('agent', method, [], { timeout: Infinity }),
      onGarbage: (error) => session.inbox.violate(error),
      onOver: (reason) => {
        this.#heartbeat?.close();
        session.rejectAll(reason);
      },
      onClosed: (reason, status) => {
        this.#heartbeat?.close();
        this.events.close();
        this.#side.referenceEvents.close();
        session.close(reason);
        traceEnd({ ...this.context, ...status });
      },
    });
  }

  get connection(): this {
    return this;
  }

  /** Nothing takes its place. */
  get restarts(): 0 {
    return 0;
  }

  /** Whether calls are sent. */
  get isOpen(): boolean {
    return !this.#life.isOver;
  }

  get properties(): PropertyMirror {
    return this.#side.properties;
  }

  get events(): EventSubscriptions {
    return this.#side.events;
  }

  /** The events of an object that stays in the worker. */
  eventsOf(referenceId: string): EventSubscriptions {
    return this.#side.referenceEvents.of(referenceId);
  }

  /** Resolves when the child runs and is ready to load a class. */
  async isReady(timeout: number): Promise<void> {
    await this.#askAgent('ready', [], { timeout });
  }

  /** Starts the instance. If it rejects, the worker has ended already. */
  async start({ signal, className, type, callDefaults, ...start }: StartOptions): Promise<InstanceDescription> {
    const { worker } = this;
    const { callbacks } = this.#options;
    this.#className = className;
    this.#type = type;
    this.#callDefaults = callDefaults;
    if (start.advice !== undefined) this.#life.advice = start.advice;
    this.#life.referenceAdvice = start.referenceAdvice;
    debug(`${worker.name} will run ${className || 'an anonymous class'}`);
    this.#session.setBusyPoll(start.busyPoll);
    this.#expectsHeartbeat = start.heartbeat !== undefined;
    this.#life.followSignal(signal);
    const makeRequest = (): LoadRequest => ({
      ...start.makeRequest(),
      callbacks: callbacks && callbackRequest(callbacks, worker),
      references: referenceRequest(this.#options.references),
      dataDescriptor: worker.descriptors.bytes,
    });
    // Held also while the worker of a failed start ends: nothing else keeps this process alive then.
    worker.hold();
    try {
      const description = await startInstance(this.#session, { ...start, makeRequest });
      if (start.heartbeat) this.#heartbeat = this.#watch(start.heartbeat);
      this.#life.hasHook = description.disposable;
      this.properties.markUnavailable(description.unmirrored);
      return description;
    } catch (error) {
      worker.end('drop');
      await worker.exited;
      throw signal?.aborted ? signal.reason : error;
    } finally {
      worker.release();
    }
  }

  /** Makes the worker a place for several instances, each with a channel of its own. This connection then starts none itself. */
  share(given: Omit<ShareRequest, 'references'>): Shared {
    const request: ShareRequest = { ...given, references: referenceRequest(this.#options.references) };
    const channel = new MuxChannel(this.worker.channel);
    this.#session.inbox.passOn((message, handle) => channel.receive(message, handle));
    // If it fails, the worker has ended.
    this.#askAgent('share', [request], { timeout: Infinity }).catch(() => {});
    return { channel, sync: this.#side.sync?.share() };
  }

  /** What this side has open. */
  get side(): ProcxyStats['parent'] {
    return this.#session.stats();
  }

  /** ms since the child's last sign of life. `undefined` without the option `heartbeat`. */
  get blockedFor(): number | undefined {
    return this.#heartbeat?.blockedFor;
  }

  /** How traces identify the child. */
  get context(): ChildContext {
    return { className: this.#className, pid: this.worker.pid };
  }

  #watch(heartbeat: ResolvedHeartbeat): HeartbeatWatch {
    return new HeartbeatWatch(heartbeat, {
      worker: this.worker,
      received: () => this.#session.inbox.received,
      isWaiting: () => this.#side.sync?.isWaitedFor === true,
    });
  }

  /** Whether methods can be called on results that have not arrived. */
  get pipelines(): boolean {
    return this.#options.references.isAutomatic;
  }

  override openPipelined(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target?: CallTarget,
  ): Asking | undefined {
    const call = this.open(method, args, options, settle, target);
    return call && { call, ask: this.#askResult };
  }

  readonly #askResult: AskResult = (target, method, args, boundary) =>
    this.call(method, args, callOptions({ connection: this, options: this.#callDefaults }, {}, boundary), target);

  open(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target: CallTarget = 'instance',
  ): OpenCall | undefined {
    if (!isTraced.calls) return this.#open(method, args, options, settle, target);
    return traceCall({ ...this.context, method, arguments: args }, (observe) =>
      this.#open(method, args, options, observe(settle), target),
    );
  }

  #open(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target: CallTarget,
  ): OpenCall | undefined {
    if (!this.#life.isOver) {
      return this.#session.open(target, method, args, options, endingOnAbort(settle, options.signal));
    }
    settle.reject(this.#life.failure(method, referenceIn(target)));
    return undefined;
  }

  /** Makes the error of a call that can no longer be made. */
  failure(method: string): Error {
    return this.#life.failure(method);
  }

  get(name: string, options: CallOptions): Promise<unknown> {
    return this.#questions.get(name, options);
  }

  refresh(options: CallOptions): Promise<void> {
    return this.#questions.refresh(options);
  }

  async stats(options: CallOptions): Promise<ProcxyStats> {
    const child = await this.#questions.stats(options);
    const subscriptions = this.events.size + this.#side.referenceEvents.size;
    return { parent: { ...this.#session.stats(), subscriptions }, child };
  }

  /** Returns what the process uses, or `undefined` if it does not answer within `timeout` ms. */
  usage(timeout: number): Promise<ProcessUsage | undefined> {
    return this.#questions.usage(timeout);
  }

  sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void> {
    return this.#questions.sendHandle(handle, id, options);
  }

  readonly #askAgent: AskAgent = (method, args, options) =>
    this.#life.isOver ? Promise.reject(this.failure(method)) : this.#session.call('agent', method, args, options);

  /** Kills a worker that did not answer in time. Other open calls reject when it has ended. */
  readonly endLate = ({ method, timeoutMs }: TimeoutError): void =>
    this.worker.end('kill', `it did not answer ${method}() within ${timeoutMs} ms`);

  /** @param reason why calls reject from now on */
  terminate(reason?: ErrorFactory): Promise<void> {
    return this.#life.terminate(reason);
  }

  /** Releases a function of either side. Returns whether it had crossed. */
  releaseCallback(fn: UntypedFunction): boolean {
    return this.#side.functions?.release(fn) ?? false;
  }
}

/** How messages name the object of a reference. */
function referenceIn(target: CallTarget): string | undefined {
  if (typeof target !== 'object' || target.type !== 'reference') return undefined;
  return target.className || 'an object';
}
