import type { ChildProcess } from 'node:child_process';
import type { Channel } from '../channel/channel.js';
import type { MessageFormat } from '../channel/frames.js';
import type { ChildCrashedError, ProtocolError } from '../errors.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { ExitStatus } from '../types/stats.js';

/**
 * A way on which the other side blocks until it has an answer: opens this side's end.
 * @param onGarbage bytes arrived that are no message; nothing more is read
 */
export type OpenBlockingLane = (format: MessageFormat, onGarbage: (error: ProtocolError) => void) => Channel;

/** Who hears of a worker. */
export interface WorkerListener {
  /** It has ended; what it sent may still arrive. */
  onEnd(): void;
  /** Bytes arrived that are no message; nothing more is read. */
  onGarbage(error: ProtocolError): void;
}

/**
 * The place where one instance lives, as a connection sees it: how to talk to it, where it is, whether it has ended, and how to end
 * it. A child process is one, and this process itself.
 */
export interface Worker {
  /** Where it is: the machine, left out for this one, and the process, `undefined` where that could not be started. */
  readonly host?: string;
  readonly pid: number | undefined;
  /** The process itself, where it is a child of this one. */
  readonly process: ChildProcess | undefined;
  /** Whether it is in this process, whose event loop it shares. */
  readonly isHere: boolean;
  /** How logs name it: `child 4711`. */
  readonly name: string;

  readonly channel: Channel;
  /** Ways besides the channel, where there are any. */
  readonly bytes: DataLane | undefined;
  readonly blocking: OpenBlockingLane | undefined;
  /** The numbers under which the other side has inherited its ends of them. */
  readonly descriptors: { readonly bytes?: number | undefined; readonly blocking?: number | undefined };

  /** Whether its agent ends it once the instance has been disposed. Otherwise it is ended by {@link end}. */
  readonly leaves: boolean;
  /** Whether it can still answer. */
  readonly isConnected: boolean;
  readonly hasEnded: boolean;
  /** Resolves when it can answer no more. */
  readonly disconnected: Promise<void>;
  /** Resolves when it has ended and all it sent has arrived. */
  readonly exited: Promise<ExitStatus>;
  /** The uncaught error that it reported before it ended: part of {@link crashError}. */
  lastWords: { error: unknown } | undefined;

  /** To be called once, by whoever owns the worker. */
  listen(listener: WorkerListener): void;
  /** Keeps this process alive until {@link release} was called as often, and some ms longer. */
  hold(): void;
  release(): void;
  /**
   * Ends it: `'term'` as it expects to be ended, `'kill'` at once.
   * @param reason told with whatever is open then
   */
  end(how: 'term' | 'kill', reason?: string): void;
  /** Why nothing can be called any more. */
  crashError(method: string): ChildCrashedError;
}
