import { markRan, TerminatedError } from '../../errors.js';
import type { CallOptions, CallTarget, Settle } from '../../session/calls/open-call.js';
import { Listeners } from '../../session/events/listeners.js';
import type { Connection } from '../connection.js';
import { Delegate } from './delegate.js';

/**
 * An instance of a pool that is lent to one function. After that, its proxy reaches nothing, and the instance is free when it has
 * finished the calls of the lease.
 */
export class Lease extends Delegate {
  readonly connection: Connection;
  readonly listeners: Listeners;
  readonly restarts = 0;
  readonly #onDone: () => void;
  #open = 0;
  #isOver = false;

  /**
   * @param target the `this` of listeners
   * @param onDone called when the lease is over, and its last call has ended
   */
  constructor(connection: Connection, target: () => object | undefined, onDone: () => void) {
    super();
    this.connection = connection;
    this.listeners = new Listeners(target);
    this.#onDone = onDone;
    connection.events.attach(this.listeners);
  }

  end(): void {
    this.#isOver = true;
    this.connection.events.detach(this.listeners);
    if (this.#open === 0) this.#onDone();
  }

  open(method: string, args: readonly unknown[], options: CallOptions, settle: Settle, target?: CallTarget): void {
    if (this.#isOver) return settle.reject(overError(method));
    this.#open++;
    const onDone = (): void => {
      if (--this.#open === 0 && this.#isOver) this.#onDone();
    };
    this.connection.open(method, args, { ...options, onDone }, settle, target);
  }

  /** Ends the instance; the pool makes another in its place. */
  terminate(): Promise<void> {
    return this.#isOver ? Promise.resolve() : this.connection.terminate();
  }

  protected ask<T>(method: string, _options: CallOptions, ask: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#isOver ? Promise.reject(overError(method)) : ask(this.connection);
  }
}

function overError(method: string): Error {
  const message = `${method}() was called on a proxy of $use() whose function has ended. Make all calls within the function that $use() runs.`;
  return markRan(new TerminatedError(message), 'no');
}
