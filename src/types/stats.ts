/** How a child process ended. `code` is `null` if a signal ended it, and `signal` is `null` if it exited. */
export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** How much one side has open. */
export interface SideStats {
  /** Calls that this side waits for. */
  pendingCalls: number;
  /** Calls that this side runs for the other. */
  servedCalls: number;
  /** Functions of this side that the other side holds. */
  exportedFunctions: number;
  /** Functions of the other side that this side holds. */
  importedFunctions: number;
  /** Objects of this side that the other side holds by reference. */
  exportedReferences: number;
  /** Objects of the other side that this side holds by reference. */
  importedReferences: number;
  /** Open streams and iterators between the two sides. */
  openStreams: number;
  /** Events of the instance that have listeners. */
  subscriptions: number;
}

/** How much both sides of a proxy have open. Compare it before and after in a leak test. */
export interface ProcxyStats {
  parent: SideStats;
  child: SideStats;
}
