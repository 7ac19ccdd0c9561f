import type { LoadRequest } from '../protocol.js';
import type { Session } from '../session/session.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { BlockingLane } from '../session/sync/blocking-calls.js';
import type { LoadedClass } from './load-class.js';

/** What an instance needs from its environment: a child process, or this process with `inProcess`. */
export interface Place {
  /** The file of this code. Its frames are removed from the stacks of errors that cross. */
  readonly ownFile: string | undefined;
  /** Loads the class that the request names. */
  load(request: LoadRequest): Promise<LoadedClass>;
  /** Lanes besides the channel, if there are any. */
  bytes(request: LoadRequest): DataLane | undefined;
  blocking(request: LoadRequest): BlockingLane | undefined;
  /** Ends the process after the instance was disposed. Absent if there is no process to end. */
  leave?(): Promise<void>;
  /** Lets further instances live here. Absent if this is one of several. */
  share?(): void;
  /** Does work ahead of time that would otherwise slow the first call down. */
  rehearse?(session: Session): Promise<void>;
}
