import { markRan, type ProtocolError } from '../errors.js';
import { onAbort } from '../session/calls/abort.js';
import type { ErrorFactory } from '../session/calls/open-call.js';
import { debug } from '../session/wire/debug-log.js';
import type { ExitStatus } from '../types/stats.js';
import { terminated, terminatedBySignal } from './reasons.js';
import { awaitEnd, terminate, type Termination } from './terminate.js';
import { CALL_AGAIN, type Worker } from './worker.js';

export interface LifeOptions {
  /** ms that a worker has to end when it is asked to. */
  terminateTimeout: number;
  /** Calls a method of the agent. */
  ask: Termination['ask'];
  /** Called when data arrives that is not a message. */
  onGarbage(error: ProtocolError): void;
  /** Called when open calls have to reject, because this side has ended the connection. */
  onOver(reason: ErrorFactory): void;
  /** Called when the worker has ended, and everything that it sent has arrived. */
  onClosed(reason: ErrorFactory, status: ExitStatus): void;
}

/**
 * Whether a worker can still be called, and how it ends.
 *
 * | state    | calls                        | ends when                                                              |
 * | -------- | ---------------------------- | ---------------------------------------------------------------------- |
 * | open     | are sent                     | it is terminated, the other side breaks the protocol, or has ended     |
 * | over     | reject with the first reason | the worker has ended, and everything that it sent has arrived          |
 * | closed   | reject with the first reason | never                                                                  |
 *
 * Open calls reject when the connection is over. But if the worker has ended by itself, their answers may still arrive.
 */
export class WorkerLife {
  /** The last sentence of crash errors. */
  advice = CALL_AGAIN;
  /** The same for a call on a reference. Absent if nothing replaces the worker. */
  referenceAdvice: string | undefined;
  /** Whether the instance has a dispose hook. */
  hasHook = false;
  readonly #worker: Worker;
  readonly #options: LifeOptions;
  /** Set when it is over: why calls reject. */
  #reason: ErrorFactory | undefined;
  #terminated: Promise<void> | undefined;

  constructor(worker: Worker, options: LifeOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.listen({
      // New calls are refused immediately. The answers to open calls may still be in the pipe.
      onEnd: () => (this.#reason ??= this.#crash),
      onGarbage: (error) => options.onGarbage(error),
    });
    void worker.exited.then((status) => {
      debug(`${worker.name} ended: code ${status.code}, signal ${status.signal}`);
      options.onClosed(this.#reason ?? this.#crash, status);
    });
    // A worker that has closed its channel can no longer answer, whatever else it still does.
    void worker.disconnected.then(() => awaitEnd(worker, options.terminateTimeout));
  }

  /** Whether calls can no longer be sent. */
  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * Makes the error of a call that can no longer be made.
   * @param reference the object's name, if the call was made on a reference
   */
  failure(method: string, reference?: string): Error {
    const reason = this.#reason ?? this.#crash;
    if (reference === undefined || this.referenceAdvice === undefined || reason !== this.#crash) {
      return markRan(reason(method), 'no');
    }
    const advice = `This reference to ${reference} belongs to the child that ended. ${this.referenceAdvice}`;
    return markRan(this.#worker.crashError(method, advice), 'no');
  }

  /** Rejects open calls and refuses new ones. Only the first reason counts. */
  end(reason: ErrorFactory): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#options.onOver(reason);
  }

  /** @param reason why calls reject from now on */
  terminate(reason: ErrorFactory = terminated): Promise<void> {
    this.end(reason);
    this.#terminated ??= terminate({
      worker: this.#worker,
      timeout: this.#options.terminateTimeout,
      hasHook: this.hasHook,
      ask: this.#options.ask,
    });
    return this.#terminated;
  }

  /** Terminates the worker when `signal` aborts. */
  followSignal(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const stop = onAbort(signal, () => void this.terminate(terminatedBySignal(signal)));
    void this.#worker.exited.then(stop);
  }

  readonly #crash: ErrorFactory = (method) => this.#worker.crashError(method, this.advice);
}
