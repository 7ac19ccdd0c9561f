import type { TimeoutError } from '../../errors.js';
import type { CallOptions } from '../../session/calls/open-call.js';
import type { Listeners } from '../../session/events/listeners.js';
import type { UntypedFunction } from '../../types/any-function.js';
import type { PassableHandle } from '../../types/serializable.js';
import type { ProcxyStats } from '../../types/stats.js';
import { CallMaker } from '../call-maker.js';
import type { Connection } from '../connection.js';
import type { PropertyMirror } from '../property-mirror.js';
import type { RemoteInstance } from '../remote-instance.js';
import type { Worker } from '../worker.js';

/** Represents a connection, and decides for each request whether and when it reaches the connection. */
export abstract class Delegate extends CallMaker implements RemoteInstance {
  abstract readonly connection: Connection;
  abstract readonly listeners: Listeners;
  abstract readonly restarts: number;

  get worker(): Worker {
    return this.connection.worker;
  }

  get properties(): PropertyMirror {
    return this.connection.properties;
  }

  get blockedFor(): number | undefined {
    return this.connection.blockedFor;
  }

  get pipelines(): boolean {
    return this.connection.pipelines;
  }

  /** A call that is late was given to the connection that is there now: otherwise it would have rejected with the crash. */
  readonly endLate = (error: TimeoutError): void => this.connection.endLate(error);

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

  /** Asks a connection now or later, or rejects. */
  protected abstract ask<T>(
    method: string,
    options: CallOptions,
    ask: (connection: Connection) => Promise<T>,
  ): Promise<T>;
}
