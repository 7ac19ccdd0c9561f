import { now, setImmediate } from '../../clock.js';

/** How long a steady flow of messages may delay it, in ms. */
const GRACE = 1000;

/** Turns in a row that must bring no message. One is not enough: it may have read part of a long message (`channel/message-socket.ts`). */
const QUIET_TURNS = 2;

/**
 * Calls `then` when everything that waited in the pipe has been read: after turns of the event loop without a message.
 * @param received how many messages have arrived so far
 */
export function afterDrain(received: () => number, then: () => void): void {
  const until = now() + GRACE;
  const turn = (before: number, quiet: number): void => {
    // A turn of the event loop runs timers, then reads the pipe, then runs immediates.
    setImmediate(() => {
      const arrived = received();
      const isQuiet = arrived === before;
      if (now() >= until || (isQuiet && quiet + 1 === QUIET_TURNS)) then();
      else turn(arrived, isQuiet ? quiet + 1 : 0);
    });
  };
  turn(received(), 0);
}
