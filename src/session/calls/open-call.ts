import { TimeoutError } from '../../errors.js';
import type { Message } from '../../protocol.js';
import type { Parcel } from '../wire/parcel.js';
import type { CallSite } from './call-site.js';

/** Whose method is called; or the function itself. */
export type CallTarget = 'instance' | 'agent' | FunctionTarget;

export interface FunctionTarget {
  /** Its id. @throws when it must not be called any more */
  id(): string;
  /** What stands for it here: it is not to be collected, and the function given back, before the call is sent. */
  readonly proxy: object;
  /** What to send where these arguments cannot cross, if the function does not need all of them. */
  fewer(args: readonly unknown[]): readonly unknown[] | undefined;
}

export interface Settle {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export interface CallOptions {
  /** ms until the call rejects with a {@link TimeoutError}; `0` or `Infinity`: never. */
  timeout: number;
  /** Rejects the call at once, with its reason, when it aborts. */
  signal?: AbortSignal | undefined;
  /** The function that the user called: the frame above it is the call site. */
  boundary?: ((...args: never[]) => unknown) | undefined;
  /** The call site itself, where that function is long gone. */
  site?: CallSite | undefined;
  /** Stands between the answer and the caller. */
  observe?: ((settle: Settle) => Settle) | undefined;
}

/** A call that is not answered yet, and what is sent for it. */
export class OpenCall implements Parcel {
  stopListening: (() => void) | undefined;
  /** An answer can come. */
  sent = false;

  constructor(
    private readonly owner: CallOwner,
    readonly id: number,
    readonly target: CallTarget,
    readonly method: string,
    /** Until they are encoded. */
    public args: readonly unknown[] | undefined,
    /** ms; `Infinity`: no limit. */
    readonly timeout: number,
    /** When it was opened, as {@link now} gives it. */
    readonly time: number,
    readonly site: CallSite | undefined,
    readonly settle: Settle,
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

/** Makes the error with which an open call of this method is rejected. */
export type ErrorFactory = (method: string) => Error;

/** Those made here: a method may throw one of its own, from a proxy that it uses. */
const ownTimeouts = new WeakSet<object>();

export function isOwnTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ownTimeouts.has(error);
}

export function timeoutError({ target, method, timeout }: OpenCall): TimeoutError {
  const advice =
    typeof target === 'object'
      ? 'The function goes on; a late result is dropped. Raise `callbackTimeout` for slow functions.'
      : 'The child goes on with it; a late result is dropped. ' +
        'Raise `timeout` for slow methods, or call $terminate() to stop the child.';
  const error = new TimeoutError(method, timeout, `${method}() was not answered within ${timeout} ms. ${advice}`);
  ownTimeouts.add(error);
  return error;
}
