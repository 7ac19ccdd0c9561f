import { now, setImmediate } from '../../clock.js';

/** How long messages that keep arriving may put it off, in ms. */
const GRACE = 1000;

/** So many turns must bring no message: what is read in the first may be the middle of a long one (`channel/message-socket.ts`). */
const QUIET_TURNS = 2;

/**
 * Calls `then` after turns of the event loop that brought no message: by then whatever waited in the pipe has been read.
 * @param received how many messages have arrived so far
 */
export function afterDrain(received: () => number, then: () => void): void {
  const until = now() + GRACE;
  const turn = (before: number, quiet: number): void => {
    // Timers, then the pipe, then immediates.
    setImmediate(() => {
      const arrived = received();
      const isQuiet = arrived === before;
      if (now() >= until || (isQuiet && quiet + 1 === QUIET_TURNS)) then();
      else turn(arrived, isQuiet ? quiet + 1 : 0);
    });
  };
  turn(received(), 0);
}
