/**
 * How a child process ended.
 *
 * @example
 * ```ts
 * const { code, signal }: ExitStatus = await primes.$exited;
 * ```
 */
export interface ExitStatus {
  /** The exit code, or `null` if a signal ended it. */
  code: number | null;
  /** The signal that ended it, or `null` if it exited. */
  signal: NodeJS.Signals | null;
}

/**
 * How much one side has open.
 *
 * @example
 * ```ts
 * const isQuiet = (side: SideStats): boolean => side.pendingCalls + side.openStreams === 0;
 * ```
 */
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
  /** The objects in `exportedReferences`, counted by the names of their classes. `''` stands for none. */
  exportedClasses: Record<string, number>;
  /** The objects in `importedReferences`, counted by the names of their classes. `''` stands for none. */
  importedClasses: Record<string, number>;
  /** Open streams and iterators between the two sides. */
  openStreams: number;
  /** Events of the instance, and of objects held by reference, that have listeners. */
  subscriptions: number;
}

/**
 * How much both sides of a proxy have open. Compare it before and after in a leak test.
 *
 * @example
 * ```ts
 * const { parent, child }: ProcxyStats = await primes.$stats();
 * console.log(parent.pendingCalls, child.servedCalls);
 * ```
 */
export interface ProcxyStats {
  /** What this process has open. */
  parent: SideStats;
  /** What the child has open. */
  child: SideStats;
}
