import type { ChildProcess } from 'node:child_process';
import type { Channel } from '../channel/channel.js';
import type { MessageFormat } from '../channel/frames.js';
import type { ProcxyError, ProtocolError } from '../errors.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { Waiting } from '../session/sync/waiting.js';
import type { ExitStatus } from '../types/stats.js';

/**
 * Opens this side's end of a lane on which the other side blocks until it has an answer.
 * @param onGarbage called when data arrives that is not a message; nothing more is read
 */
export type OpenBlockingLane = (format: MessageFormat, onGarbage: (error: ProtocolError) => void) => Channel;

/** What to do about the end of a worker that nothing replaces. */
export const CALL_AGAIN = 'Call procxy() again for a new one.';

export type EndKind = 'term' | 'drop' | 'kill';

/** The listeners of a worker. */
export interface WorkerListener {
  /** Called when the worker has ended. Messages that it sent may still arrive. */
  onEnd(): void;
  /** Called when data arrives that is not a message. Nothing more is read. */
  onGarbage(error: ProtocolError): void;
  /** Called when its host takes no new instances, and will end; at once, if that is known already. */
  onDraining?(): void;
}

/**
 * The place where one instance lives, as a connection sees it: how to talk to it, where it is, whether it has ended, and how to
 * end it. It is a child process, this process itself, or a process on
 * another machine.
 */
export interface Worker {
  /** The machine that it runs on. Absent for this machine. */
  readonly host?: string;
  /** Its process id. `undefined` if the process could not be started. */
  readonly pid: number | undefined;
  /** Whether its host will end. Absent for this machine. */
  readonly isDraining?: boolean;
  /** Asks whether another host would take the instance. Absent for this machine. */
  canMove?(): Promise<boolean>;
  /** The process, if it is a child of this process. */
  readonly process: ChildProcess | undefined;
  /** Whether it runs in this process, and shares its event loop. */
  readonly isHere: boolean;
  /** Its name in logs, such as `child 4711`. */
  readonly name: string;

  readonly channel: Channel;
  /** Lanes besides the channel, if there are any. */
  readonly bytes: DataLane | undefined;
  readonly blocking: OpenBlockingLane | undefined;
  /** The functions of this side that the process waits for. Absent if no other instance lives there. */
  readonly waiting?: Waiting | undefined;
  /** The descriptors with which the other side has inherited its ends of these lanes. */
  readonly descriptors: { readonly bytes?: number | undefined; readonly blocking?: number | undefined };

  /** Whether its agent ends it after disposing the instance. Otherwise {@link end} must be called. */
  readonly leaves: boolean;
  /** Whether it can still answer. */
  readonly isConnected: boolean;
  readonly hasEnded: boolean;
  /** Resolves when it can no longer answer. */
  readonly disconnected: Promise<void>;
  /** Resolves when it has ended and everything that it sent has arrived. */
  readonly exited: Promise<ExitStatus>;
  /** The uncaught error that it reported before it ended. Part of {@link crashError}. */
  lastWords: { error: unknown } | undefined;

  /** Adds listeners to those that are there. */
  listen(listener: WorkerListener): void;
  /** Keeps this process alive until {@link release} was called as many times, and a few ms longer. */
  hold(): void;
  release(): void;
  /**
   * Ends the worker: `'term'` asks its process to end, `'kill'` ends the process immediately. `'drop'` does the same, unless other
   * instances live there: then it ends only this one, whose code cannot be stopped.
   * @param reason added to the errors of open calls
   */
  end(how: EndKind, reason?: string): void;
  /**
   * Makes the error for calls after its end.
   * @param advice the last sentence of its message
   */
  crashError(method: string, advice?: string): ProcxyError;
}
