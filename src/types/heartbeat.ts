/** How a child shows that its event loop turns, and what is done when it does not. */
export interface Heartbeat {
  /**
   * ms between two signs of life.
   * @default 1000, or a quarter of `limit` where that is less
   */
  interval?: number | undefined;
  /**
   * ms without one after which the child counts as blocked: twice `interval` or more.
   * @default 5000
   */
  limit?: number | undefined;
  /**
   * What is done then. `'warn'`: a warning of the process, with the code `PROCXY_BLOCKED`. `'terminate'`: the child is killed, and what is open
   * rejects with a {@link ChildCrashedError}. A function is called with the ms since the last sign of life, once for each time
   * that the child blocks.
   * @default 'warn'
   */
  onBlocked?: 'warn' | 'terminate' | ((blockedFor: number) => void) | undefined;
}
