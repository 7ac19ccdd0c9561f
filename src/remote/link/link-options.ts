import type { ProtocolError } from '../../errors.js';
import type { LaneId } from './frame.js';
import type { LinkClock } from './link-clock.js';

/** Carries frames to the other end, or loses them. */
export interface Transport {
  /** The longest frame that it can carry, in bytes. */
  readonly maxPayload: number;
  /** Whether frames can be sent now. Call `Link.resume` when they can again. */
  readonly isConnected: boolean;
  send(frame: Buffer): void;
}

/**
 * Why a link has ended: this end closed it; the other end closed it, or does not know it; nothing was heard of the other end for too
 * long; it broke the protocol; too many bytes wait for it; or the transport may not carry frames to it.
 */
export type LinkEnd =
  | { readonly why: 'closed' | 'refused' | 'silent' | 'gone' | 'backlog' | 'forbidden' }
  | { readonly why: 'violation'; readonly error: ProtocolError };

export interface LinkEvents {
  /**
   * Bytes have arrived, in order. Call `Link.consume` when they are used.
   * @throws {ProtocolError} when they break the protocol of the lane
   */
  onData(lane: LaneId, bytes: Buffer): void;
  /** A lane that had no room has room again. */
  onRoom(lane: LaneId): void;
  /** Called once. Nothing is delivered afterwards. */
  onEnd(end: LinkEnd): void;
}

export interface LinkOptions {
  transport: Transport;
  events: LinkEvents;
  /** ms of silence after which the other end is given up. */
  lease: number;
  /** ms for which the transport may say that nobody is there. */
  absence: number;
  /** ms without a frame after which the other end is asked for one. */
  idle: number;
  /** Drops frames of an end that may have given this one up: it heard the last of this end this long ago, in ms. */
  fence?: number;
  /** The latest stamp that is known of the other end. */
  echo?: number;
  /** Bytes of a lane that may be in transit or with the reader. */
  window?: number;
  /** Bytes of a lane that may wait for the window when more are written. */
  maxBacklog?: number;
  clock?: LinkClock;
}
