// Taken at import, so that a test's fake clock does not stop real calls.
const { setImmediate, performance } = globalThis;

/** How long messages that keep arriving may put it off, in ms. */
const GRACE = 1000;

/**
 * Calls `then` after a turn of the event loop that brought no message: by then whatever waited in the pipe has been read.
 * @param received how many messages have arrived so far
 */
export function afterDrain(received: () => number, then: () => void): void {
  const until = performance.now() + GRACE;
  const turn = (before: number): void => {
    // Timers, then the pipe, then immediates.
    setImmediate(() => {
      const arrived = received();
      if (arrived !== before && performance.now() < until) turn(arrived);
      else then();
    });
  };
  turn(received());
}
