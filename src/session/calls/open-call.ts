import { TimeoutError } from '../../errors.js';
import type { Message, ReferenceMember, TraceFields } from '../../protocol.js';
import type { Parcel } from '../wire/parcel.js';
import type { CallSite } from './call-site.js';

/** The owner of the method that is called, or a function. `'symbol'`: the instance's method under a well-known symbol. */
export type CallTarget = 'instance' | 'agent' | 'symbol' | RemoteTarget | ResultTarget;

/** The result of a call that has not been answered. */
export interface ResultTarget {
  readonly type: 'result';
  /** The id of that call. @throws {PipelineError} if it has failed */
  callId(): number;
}

/** Something of the other side that has an id. */
export type RemoteTarget = FunctionTarget | ReferenceTarget;

interface Target {
  /** Its id. @throws if it can no longer be called */
  id(): string;
  /** Its proxy on this side. An open call holds it, so that it is not collected before the call is sent. */
  readonly proxy: object;
}

/** An object of the other side. */
export interface ReferenceTarget extends Target {
  readonly type: 'reference';
  /** What the call names. `undefined` for a method. */
  readonly kind: ReferenceMember | undefined;
  /** The name of its class. Empty for an object without a class. */
  readonly className: string;
}

export interface FunctionTarget extends Target {
  readonly type: 'function';
  /** The arguments to send if `args` cannot cross and the function does not need all of them. */
  fewer(args: readonly unknown[]): readonly unknown[] | undefined;
}

export interface Settle {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export interface CallOptions {
  /** ms until the call rejects with a {@link TimeoutError}. `0` and `Infinity` mean no limit. */
  timeout: number;
  /** When it aborts, the call rejects immediately with its reason. */
  signal?: AbortSignal | undefined;
  /** The function that the user called. Its caller is the call site. */
  boundary?: ((...args: never[]) => unknown) | undefined;
  /** The call site itself, if the function that the user called has already returned. */
  site?: CallSite | undefined;
  /** Ends the other side, which did not answer in time. Absent if the other side continues. */
  onTimeout?: ((error: TimeoutError) => void) | undefined;
  /**
   * Called when the other side has finished the call, even if it was given up here, and the streams that it returned are closed.
   * Not called if the session ends before.
   * @param failure how one of these streams failed
   */
  onDone?: ((failure?: { value: unknown }) => void) | undefined;
  /** Fields of the message with which the other side continues a trace. */
  trace?: TraceFields | undefined;
}

/** A call that is not answered yet, and the message that is sent for it. */
export class OpenCall implements Parcel {
  stopListening: (() => void) | undefined;
  /** Whether it was sent, so that an answer may arrive. */
  sent = false;

  constructor(
    private readonly owner: CallOwner,
    readonly id: number,
    readonly target: CallTarget,
    readonly method: string,
    /** Cleared once they are encoded. */
    public args: readonly unknown[] | undefined,
    /** ms. `Infinity` means no limit. */
    readonly timeout: number,
    /** When the call was opened, in the time of {@link now}. */
    readonly time: number,
    readonly site: CallSite | undefined,
    readonly settle: Settle,
    readonly hooks: Pick<CallOptions, 'onTimeout' | 'onDone' | 'trace'>,
  ) {}

  get deadline(): number {
    return this.time + this.timeout;
  }

  build(): Message | undefined {
    return this.owner.build(this);
  }

  failed(error: unknown): void {
    this.owner.failed(this, error);
  }
}

export interface CallOwner {
  build(call: OpenCall): Message | undefined;
  failed(call: OpenCall, error: unknown): void;
}

/** Makes the error that rejects an open call of this method. */
export type ErrorFactory = (method: string) => Error;

/** Timeout errors made by this side. A method may also throw one, from a proxy that it uses itself. */
const ownTimeouts = new WeakSet<object>();

export function isOwnTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ownTimeouts.has(error);
}

export function timeoutError(call: OpenCall): TimeoutError {
  const { method, timeout } = call;
  const message = `${method}() was not answered within ${timeout} ms. ${adviceFor(call)}`;
  const error = new TimeoutError(method, timeout, message);
  ownTimeouts.add(error);
  return error;
}

function adviceFor({ target, hooks }: OpenCall): string {
  if (typeof target === 'object' && target.type === 'function') {
    return 'The function keeps running, and a late result is dropped. Raise `callbackTimeout` for slow functions.';
  }
  if (hooks.onTimeout)
    return "The child was killed, as { onTimeout: 'terminate' } has it. Raise `timeout` for slow methods.";
  return (
    'The child keeps running it, and a late result is dropped. Raise `timeout` for slow methods, call $terminate() to stop the child, ' +
    "or use { onTimeout: 'terminate' }."
  );
}
