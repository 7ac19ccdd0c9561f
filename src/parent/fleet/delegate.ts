import type { TimeoutError } from '../../errors.js';
import type { CallOptions, CallTarget, Settle } from '../../session/calls/open-call.js';
import { PipelinedResult } from '../../session/calls/pipelined-result.js';
import { RemoteResult } from '../../session/calls/remote-result.js';
import type { Listeners } from '../../session/events/listeners.js';
import type { UntypedFunction } from '../../types/any-function.js';
import type { PassableHandle } from '../../types/serializable.js';
import type { ProcxyStats } from '../../types/stats.js';
import type { Connection } from '../connection.js';
import type { PropertyMirror } from '../property-mirror.js';
import type { RemoteInstance } from '../remote-instance.js';
import type { Worker } from '../worker.js';

/** Stands for a connection, and decides for each request whether and when it may reach it. */
export abstract class Delegate implements RemoteInstance {
  abstract readonly connection: Connection;
  abstract readonly listeners: Listeners;
  abstract readonly restarts: number;
  abstract readonly pipelines: boolean;

  get worker(): Worker {
    return this.connection.worker;
  }

  get properties(): PropertyMirror {
    return this.connection.properties;
  }

  get blockedFor(): number | undefined {
    return this.connection.blockedFor;
  }

  /** A call that is late was given to the connection that is there now: otherwise it would have rejected with the crash. */
  readonly endLate = (error: TimeoutError): void => this.connection.endLate(error);

  call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown> {
    if (!this.pipelines) {
      return new RemoteResult((resolve, reject) => void this.open(method, args, options, { resolve, reject }, target));
    }
    // Methods of the result are called when it has arrived.
    return PipelinedResult.open((settle) => void this.open(method, args, options, settle, target), args);
  }

  abstract open(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target?: CallTarget,
  ): unknown;

  get(name: string, options: CallOptions): Promise<unknown> {
    return this.ask('$get', options, (connection) => connection.get(name, options));
  }

  refresh(options: CallOptions): Promise<void> {
    return this.ask('$refresh', options, (connection) => connection.refresh(options));
  }

  stats(options: CallOptions): Promise<ProcxyStats> {
    return this.ask('$stats', options, (connection) => connection.stats(options));
  }

  sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void> {
    return this.ask('$sendHandle', options, (connection) => connection.sendHandle(handle, id, options));
  }

  releaseCallback(fn: UntypedFunction): boolean {
    return this.connection.releaseCallback(fn);
  }

  abstract terminate(): Promise<void>;

  /** Has something asked of a connection, now or later, or rejects. */
  protected abstract ask<T>(
    method: string,
    options: CallOptions,
    ask: (connection: Connection) => Promise<T>,
  ): Promise<T>;
}
