import { ProtocolError } from '../../errors.js';

/**
 * The one kind of message on a link. Each frame tells the whole state of its sender, and may carry bytes of one lane. So a frame that
 * is doubled, late or out of place does no harm, and any later frame makes up for one that was lost. Numbers are little-endian.
 *
 *     0   version     1   flags       2   lane of the bytes
 *     3   stamp       when the frame was sent, by the sender's clock, in µs. No two frames of a sender have the same
 *     9   echo        the latest stamp that the sender has read from the other side
 *     15  4 × { received, room }      for each lane: the bytes that have arrived in order, and how many more may follow
 *     55  offset      where in the lane's stream the bytes belong
 *     61  the bytes
 */

/** The streams of bytes that share a link. Each has its own offsets and its own window, so that none waits for another. */
export const Lane = {
  /** Messages between the two ends themselves: how an instance starts and ends. */
  CONTROL: 0,
  /** Messages of the session. */
  MESSAGES: 1,
  /** Bytes of streams. */
  BYTES: 2,
  /** Invocations for which the instance blocks, and their answers. */
  BLOCKING: 3,
} as const;

export type LaneId = (typeof Lane)[keyof typeof Lane];

export const LANES: readonly LaneId[] = [Lane.CONTROL, Lane.BLOCKING, Lane.MESSAGES, Lane.BYTES];

/** What a receiver says of one lane. */
export interface LaneState {
  /** How many bytes of the stream have arrived without a gap. */
  received: number;
  /** How many bytes may follow. */
  room: number;
}

export interface Frame {
  /** Whether the receiver must answer soon, with a frame of its own. */
  asks: boolean;
  /** The sender's end of the link is closed, or was never open. Nothing else in the frame counts. */
  closes: boolean;
  stamp: number;
  echo: number;
  /** By lane. */
  states: readonly LaneState[];
  lane: LaneId;
  offset: number;
  bytes: Buffer;
}

const VERSION = 1;
const Flag = { ASKS: 1, CLOSES: 2 } as const;
const STATES_AT = 15;
const STATE_BYTES = 10;
const OFFSET_AT = STATES_AT + STATE_BYTES * LANES.length;

/** The bytes of a frame that carries none of a lane. */
export const HEADER_BYTES = OFFSET_AT + 6;

/** Makes a frame with room for `length` bytes of its lane, which the caller fills in. */
export function encodeFrame(frame: Omit<Frame, 'bytes'>, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
  bytes[0] = VERSION;
  bytes[1] = (frame.asks ? Flag.ASKS : 0) | (frame.closes ? Flag.CLOSES : 0);
  bytes[2] = frame.lane;
  bytes.writeUIntLE(frame.stamp, 3, 6);
  bytes.writeUIntLE(frame.echo, 9, 6);
  for (const [lane, { received, room }] of frame.states.entries()) {
    const at = STATES_AT + STATE_BYTES * lane;
    bytes.writeUIntLE(received, at, 6);
    bytes.writeUInt32LE(room, at + 6);
  }
  bytes.writeUIntLE(frame.offset, OFFSET_AT, 6);
  return bytes;
}

const noStates: readonly LaneState[] = LANES.map(() => ({ received: 0, room: 0 }));

/** Makes the answer to a frame of a link that is not open here. */
export function encodeRefusal(): Buffer {
  const nothing = { stamp: 0, echo: 0, states: noStates, lane: Lane.CONTROL, offset: 0 };
  return encodeFrame({ ...nothing, asks: false, closes: true }, 0);
}

/** @throws {ProtocolError} for bytes that are not a frame */
export function decodeFrame(bytes: Buffer): Frame {
  const lane = bytes[2] as LaneId;
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION || !LANES.includes(lane)) {
    throw new ProtocolError(`A frame of a link was expected, but got ${bytes.length} bytes that are not one.`);
  }
  const flags = bytes[1] ?? 0;
  return {
    asks: (flags & Flag.ASKS) !== 0,
    closes: (flags & Flag.CLOSES) !== 0,
    stamp: bytes.readUIntLE(3, 6),
    echo: bytes.readUIntLE(9, 6),
    states: noStates.map((_none, each) => ({
      received: bytes.readUIntLE(STATES_AT + STATE_BYTES * each, 6),
      room: bytes.readUInt32LE(STATES_AT + STATE_BYTES * each + 6),
    })),
    lane,
    offset: bytes.readUIntLE(OFFSET_AT, 6),
    bytes: bytes.subarray(HEADER_BYTES),
  };
}
