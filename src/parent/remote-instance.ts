import type { TimeoutError } from '../errors.js';
import type { Listeners } from '../session/events/listeners.js';
import type { CallOptions, CallTarget, Settle } from '../session/calls/open-call.js';
import type { UntypedFunction } from '../types/any-function.js';
import type { PassableHandle } from '../types/serializable.js';
import type { ProcxyStats } from '../types/stats.js';
import type { PropertyMirror } from './property-mirror.js';
import type { Worker } from './worker.js';

/**
 * The instance behind a proxy, as the proxy sees it: one connection, or the delegate of one connection after another. Every
 * request settles, even after the child has ended.
 */
export interface RemoteInstance {
  /** The connection that calls go to now, or went to last. It identifies the instance when its proxy is passed back. */
  readonly connection: object;
  /** Where it lives now, or lived last. */
  readonly worker: Worker;
  readonly properties: PropertyMirror;
  /** The listeners of the proxy. */
  readonly listeners: Listeners;
  /** ms since its last sign of life. `undefined` if it gives none. */
  readonly blockedFor: number | undefined;
  /** How many times a new instance has taken its place. */
  readonly restarts: number;

  /** Kills the worker, which did not answer in time. */
  readonly endLate: (error: TimeoutError) => void;

  /** Whether methods can be called on results that have not arrived. */
  readonly pipelines: boolean;

  /** @param target the owner of the method. Absent: the instance */
  call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown>;
  /** The same for a caller that has a promise already. */
  open(method: string, args: readonly unknown[], options: CallOptions, settle: Settle, target?: CallTarget): unknown;
  get(name: string, options: CallOptions): Promise<unknown>;
  refresh(options: CallOptions): Promise<void>;
  stats(options: CallOptions): Promise<ProcxyStats>;
  /** Gives a handle to the method of the instance that accepts handles. */
  sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void>;
  /** Releases a function of either side. Returns whether it had crossed. */
  releaseCallback(fn: UntypedFunction): boolean;
  terminate(): Promise<void>;
}
