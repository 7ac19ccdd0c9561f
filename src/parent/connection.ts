import { closeSync } from 'node:fs';
import { DataSocket } from '../channel/data-socket.js';
import { nodeIpcChannel } from '../channel/node-ipc.js';
import type { AnyFunction } from '../codec/function-codec.js';
import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { isHandle } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError, TerminatedError, TimeoutError } from '../errors.js';
import type { AgentDescription, InstanceDescription, LoadRequest } from '../protocol.js';
import { onAbort } from '../session/calls/abort.js';
import { isOwnTimeout, type CallOptions, type ErrorFactory } from '../session/calls/calls.js';
import { checkDescription } from './description.js';
import { endingOnAbort } from './ending-on-abort.js';
import type { CallSite } from '../session/calls/call-site.js';
import { debug, withDebugLog } from '../session/wire/debug-log.js';
import { now } from '../clock.js';
import { EventSubscriptions } from '../session/events/event-subscriptions.js';
import { RemoteResult } from '../session/calls/remote-result.js';
import { openSession } from '../session/open-session.js';
import type { Session } from '../session/session.js';
import type { ExitStatus, ProcxyStats, SideStats } from '../types/stats.js';
import { ownFiles } from './launch/agent-path.js';
import { AgentProcess } from './agent-process.js';
import { CallbackService } from './callback-service.js';
import { describeDescriptor } from './file-descriptor.js';
import { HeartbeatWatch } from './heartbeat-watch.js';
import { launch, socketAt } from './launch/launch.js';
import type { PassableHandle } from '../types/serializable.js';
import type { ResolvedHeartbeat, ResolvedOptions } from './options/options.js';
import { PropertyMirror } from './property-mirror.js';
import { awaitEnd, terminate } from './terminate.js';
import { isTraced, traceCall, traceEnd, type ChildContext } from './tracing.js';

/** What the child is told of its instance. */
export type InstanceRequest = Omit<LoadRequest, 'callbacks' | 'dataDescriptor'>;

export interface StartOptions {
  /** ms; `Infinity` for none. */
  startTimeout: number;
  /** Terminates the child when it aborts. */
  signal: AbortSignal | undefined;
  /** µs for which this process's event loop stays awake after a message. */
  busyPoll: number;
  heartbeat: ResolvedHeartbeat | undefined;
  /** What traces are to name. */
  className: string;
  site: CallSite;
}

/** A child, the session with it, and the one answer to whether it can still be called. */
export class Connection {
  readonly agent: AgentProcess;
  readonly properties: PropertyMirror;
  readonly events: EventSubscriptions;
  readonly #session: Session;
  readonly #options: ResolvedOptions;
  readonly #callbacks: CallbackService | undefined;
  /** What the child is told of the ways besides the channel. */
  readonly #channels: Pick<LoadRequest, 'callbacks' | 'dataDescriptor'>;
  /** Why no call is taken any more. */
  #over: ErrorFactory | undefined;
  #disposable = false;
  #className = '';
  #hasHeartbeat = false;
  #heartbeat: HeartbeatWatch | undefined;
  #terminated: Promise<void> | undefined;

  constructor(options: ResolvedOptions, self: Self, transfers: readonly TransferHandler[]) {
    this.#options = options;
    const launched = launch(options, (error) => this.#session.inbox.violate(error));
    this.agent = new AgentProcess(launched.process, options.terminateTimeout);
    const mode = options.serialization;
    const onBusy = (busy: boolean): void => (busy ? this.agent.hold() : this.agent.release());
    const { session, codec, carry } = openSession({
      channel: withDebugLog(nodeIpcChannel(launched.process), `child ${launched.process.pid}`),
      isParent: true,
      self,
      transfers,
      ownFile: ownFiles(),
      handlers: {
        'child-fatal': ({ error, coded }) => (this.agent.lastWords = { error: coded ? codec.decode(error) : error }),
        heartbeat: () => {
          if (!this.#hasHeartbeat) throw new ProtocolError('A heartbeat arrived that nobody asked for.');
        },
        'property-update': (update) => this.properties.apply(update),
        'event-emit': (event) => this.events.dispatch(event),
        'event-unsubscribed': (confirmation) => this.events.confirmEnd(confirmation),
        'event-failed': (failure) => this.events.reportFailure(failure),
      },
      onViolation: (error) => {
        this.#end((method) => new ProtocolError(`${method}(): ${error.message}`, { cause: error.cause }));
        this.agent.kill('SIGKILL');
      },
      onBusy,
    });
    this.#session = session;
    this.#callbacks = options.callbacks && new CallbackService(options.callbacks, launched);
    this.#channels = { callbacks: this.#callbacks?.request, dataDescriptor: launched.dataDescriptor };
    const data = socketAt(launched.process, launched.dataDescriptor);
    const callbacks = carry({
      mode,
      handles: options.supportHandles,
      callbacks: this.#callbacks?.options,
      bytes: data && ((receiver) => new DataSocket(data, receiver)),
    });
    if (callbacks) this.#callbacks?.serve(callbacks, session, mode);
    this.properties = new PropertyMirror(codec);
    this.events = new EventSubscriptions({
      codec,
      target: () => self.current,
      onListening: onBusy,
      send: (message) => {
        if (!this.#over) this.#session.sendControl(message);
      },
    });
    // New calls are refused at once; those that are open may have their answers in the pipe.
    this.agent.onExit = () => (this.#over ??= (method) => this.agent.crashError(method));
    void this.agent.exited.then((status) => {
      debug(`child ${this.agent.process.pid} ended: code ${status.code}, signal ${status.signal}`);
      this.#close();
      traceEnd({ ...this.context, ...status });
    });
    // A child that closed the channel can answer nothing; whatever else it does, it is no worker any more.
    void this.agent.disconnected.then(() => awaitEnd(this.agent, options.terminateTimeout));
  }

  get exited(): Promise<ExitStatus> {
    return this.agent.exited;
  }

  /** Resolves when the child runs and can be told what to load. */
  async isReady(): Promise<void> {
    await this.#askAgent('ready', [], { timeout: this.#options.startTimeout });
  }

  /** `makeRequest` runs while the child boots. Where anything fails, the child is gone when this rejects. */
  async start(
    makeRequest: () => InstanceRequest,
    constructorArgs: readonly unknown[],
    { startTimeout, signal, site, busyPoll, heartbeat, className }: StartOptions,
  ): Promise<InstanceDescription> {
    this.#className = className;
    debug(`child ${this.agent.process.pid} is to run ${className || 'an anonymous class'}`);
    this.#session.setBusyPoll(busyPoll);
    this.#hasHeartbeat = heartbeat !== undefined;
    this.#followSignal(signal);
    // Until the end of it, also while the child of a failed start is ended: nothing else keeps the parent waiting.
    this.agent.hold();
    try {
      const begun = now();
      const agentCall = (method: string, args: readonly unknown[]): Promise<unknown> => {
        // The two calls share the time; what is left is never 0, which would mean no limit.
        const timeout = Math.max(startTimeout - (now() - begun), 1);
        return this.#session.call('agent', method, args, { timeout, site });
      };
      const imported = agentCall('import', [{ ...makeRequest(), ...this.#channels }]);
      const construct = (): Promise<unknown> => agentCall('constructor', constructorArgs);
      // The module may register how the constructor's arguments are read; where there is nothing to it, the child has both at once.
      const constructed = constructorArgs.every(isPrimitive) ? construct() : undefined;
      constructed?.catch(() => {});
      const agent = await imported;
      if ((agent as AgentDescription | undefined)?.batches === true) this.#session.enableBatches();
      const description = checkDescription(await (constructed ?? construct()));
      if (heartbeat) this.#heartbeat = this.#watch(heartbeat);
      this.#disposable = description.disposable;
      this.properties.markUnavailable(description.unmirrored);
      return description;
    } catch (error) {
      this.agent.kill('SIGKILL');
      await this.agent.exited;
      if (signal?.aborted) throw signal.reason;
      throw isOwnTimeout(error) ? startTimeoutError(startTimeout) : error;
    } finally {
      this.agent.release();
    }
  }

  /** ms since the child's last sign of life, where it gives such. */
  get blockedFor(): number | undefined {
    return this.#heartbeat?.blockedFor;
  }

  /** By what it is named in traces. */
  get context(): ChildContext {
    return { className: this.#className, pid: this.agent.process.pid };
  }

  #watch(heartbeat: ResolvedHeartbeat): HeartbeatWatch {
    return new HeartbeatWatch(heartbeat, {
      agent: this.agent,
      received: () => this.#session.inbox.received,
      isWaiting: () => this.#callbacks?.isWaitedFor === true,
    });
  }

  call(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    if (isTraced.calls) return this.#tracedCall(method, args, options);
    if (this.#over) return RemoteResult.failed(this.#over(method));
    return this.#session.call('instance', method, args, endingOnAbort(options));
  }

  #tracedCall(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    return traceCall({ ...this.context, method, arguments: args }, (observe) => {
      if (!this.#over) return this.#session.call('instance', method, args, endingOnAbort({ ...options, observe }));
      const error = this.#over(method);
      return new RemoteResult((resolve, reject) => observe({ resolve, reject }).reject(error));
    });
  }

  get(name: string, options: CallOptions): Promise<unknown> {
    return this.#askAgent('$get', [name], options);
  }

  async refresh(options: CallOptions): Promise<void> {
    await this.#askAgent('$refresh', [], options);
  }

  async stats(options: CallOptions): Promise<ProcxyStats> {
    const child = (await this.#askAgent('$stats', [], options)) as SideStats;
    return { parent: { ...this.#session.stats(), subscriptions: this.events.size }, child };
  }

  /** Gives a handle to the method of the instance that takes such. */
  async sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void> {
    if (!this.#options.supportHandles) {
      throw new HandleTransferError('$sendHandle() needs the option { supportHandles: true } of procxy().');
    }
    if (typeof handle === 'number') {
      await this.#askAgent('$sendDescriptor', [describeDescriptor(handle), id], options);
      closeSync(handle);
    } else if (isHandle(handle)) await this.#askAgent('$sendHandle', [handle, id], options);
    else {
      throw new HandleTransferError(
        '$sendHandle() takes a net.Socket, a net.Server, a dgram.Socket or a file descriptor.',
      );
    }
  }

  #askAgent(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    if (this.#over) return Promise.reject(this.#over(method));
    return this.#session.call('agent', method, args, options);
  }

  terminate(): Promise<void> {
    this.#end(() => new TerminatedError('The proxy was terminated. Call procxy() again for a new one.'));
    return this.#terminate();
  }

  #terminate(): Promise<void> {
    this.#terminated ??= terminate({
      agent: this.agent,
      timeout: this.#options.terminateTimeout,
      dispose: this.#disposable ? () => this.#session.call('agent', 'dispose', [], { timeout: Infinity }) : undefined,
    });
    return this.#terminated;
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = (): void => {
      const { reason } = signal as { reason: unknown };
      this.#end(() => new TerminatedError('The proxy was terminated by its signal.', { cause: reason }));
      void this.#terminate();
    };
    const stop = onAbort(signal, abort);
    void this.agent.exited.then(stop);
  }

  /** Lets go of a function of either side. Returns whether there was one. */
  releaseCallback(fn: AnyFunction): boolean {
    return this.#callbacks?.release(fn) ?? false;
  }

  /** Rejects what is open and refuses what comes. The first reason stands. */
  #end(reason: ErrorFactory): void {
    if (this.#over) return;
    this.#over = reason;
    this.#heartbeat?.close();
    this.#session.rejectAll(reason);
  }

  #close(): void {
    this.#heartbeat?.close();
    this.events.close();
    this.#session.close(this.#over ?? ((method) => this.agent.crashError(method)));
  }
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function startTimeoutError(timeout: number): TimeoutError {
  return new TimeoutError(
    'constructor',
    timeout,
    `The child did not start, import the module and construct the instance within ${timeout} ms. Raise \`startTimeout\`.`,
  );
}
