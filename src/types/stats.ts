/** How a child process ended: `code` is `null` when a signal ended it, `signal` when it exited. */
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
  /** Streams and iterators under way between the two sides. */
  openStreams: number;
  /** Events of the instance that are listened to. */
  subscriptions: number;
}

/** How much both sides of a proxy have open: what a leak test asserts on. */
export interface ProcxyStats {
  parent: SideStats;
  child: SideStats;
}
