import { encodeFrame, Lane, LANES } from '../../src/remote/link/frame.js';

/** The first frame of a session, with a message for the host. */
export function firstFrame(message: string): Buffer {
  const states = LANES.map(() => ({ received: 0, room: 1_000_000 }));
  const head = { asks: false, closes: false, stamp: 1, echo: 2 ** 47, states, lane: Lane.CONTROL, offset: 0 } as const;
  return Buffer.concat([encodeFrame(head, 0), Buffer.from(`${message}\n`)]);
}
