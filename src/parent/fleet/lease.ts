import { markRan, TerminatedError, type TimeoutError } from '../../errors.js';
import type { CallOptions, CallTarget, Settle } from '../../session/calls/open-call.js';
import { RemoteResult } from '../../session/calls/remote-result.js';
import { Listeners } from '../../session/events/listeners.js';
import type { UntypedFunction } from '../../types/any-function.js';
import type { PassableHandle } from '../../types/serializable.js';
import type { ProcxyStats } from '../../types/stats.js';
import type { Connection } from '../connection.js';
import type { PropertyMirror } from '../property-mirror.js';
import type { RemoteInstance } from '../remote-instance.js';
import type { Worker } from '../worker.js';

/**
 * An instance of a pool that somebody has for themselves, for a while. When that is over, its proxy reaches nothing, and the
 * instance is free once it has done with every call that was made by the way.
 */
export class Lease implements RemoteInstance {
  readonly connection: Connection;
  readonly listeners: Listeners;
  readonly restarts = 0;
  /** The lease may be over before a result has arrived. */
  readonly pipelines = false;
  readonly #onDone: () => void;
  #open = 0;
  #isOver = false;

  /**
   * @param target what listeners get as `this`
   * @param onDone called when the lease is over, and nothing of it runs any more
   */
  constructor(connection: Connection, target: () => object | undefined, onDone: () => void) {
    this.connection = connection;
    this.listeners = new Listeners(target);
    this.#onDone = onDone;
    connection.events.attach(this.listeners);
  }

  get worker(): Worker {
    return this.connection.worker;
  }

  get properties(): PropertyMirror {
    return this.connection.properties;
  }

  get blockedFor(): number | undefined {
    return this.connection.blockedFor;
  }

  end(): void {
    this.#isOver = true;
    this.connection.events.detach(this.listeners);
    if (this.#open === 0) this.#onDone();
  }

  readonly endLate = (error: TimeoutError): void => this.connection.endLate(error);

  call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown> {
    return new RemoteResult((resolve, reject) => this.open(method, args, options, { resolve, reject }, target));
  }

  open(method: string, args: readonly unknown[], options: CallOptions, settle: Settle, target?: CallTarget): void {
    if (this.#isOver) return settle.reject(overError(method));
    this.#open++;
    const onDone = (): void => {
      if (--this.#open === 0 && this.#isOver) this.#onDone();
    };
    this.connection.open(method, args, { ...options, onDone }, settle, target);
  }

  get(name: string, options: CallOptions): Promise<unknown> {
    return this.#isOver ? Promise.reject(overError('$get')) : this.connection.get(name, options);
  }

  refresh(options: CallOptions): Promise<void> {
    return this.#isOver ? Promise.reject(overError('$refresh')) : this.connection.refresh(options);
  }

  stats(options: CallOptions): Promise<ProcxyStats> {
    return this.#isOver ? Promise.reject(overError('$stats')) : this.connection.stats(options);
  }

  sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void> {
    return this.#isOver ? Promise.reject(overError('$sendHandle')) : this.connection.sendHandle(handle, id, options);
  }

  releaseCallback(fn: UntypedFunction): boolean {
    return this.connection.releaseCallback(fn);
  }

  /** Ends the instance; the pool makes another in its place. */
  terminate(): Promise<void> {
    return this.#isOver ? Promise.resolve() : this.connection.terminate();
  }
}

function overError(method: string): Error {
  const message = `${method}() was called on a proxy of $use() whose function has ended. Make all calls within the function that $use() runs.`;
  return markRan(new TerminatedError(message), 'no');
}
