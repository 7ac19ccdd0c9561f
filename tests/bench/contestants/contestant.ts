/** How one value crosses: Node's `serialization`. Threads have structured clone only, and leave it out. */
export interface Settings {
  serialization?: 'json' | 'advanced';
  /** The following of `procxy()` only. µs. */
  busyPoll?: number;
  channel?: 'socket';
  /** Takes a child that was started ahead. */
  isWarm?: boolean;
}

/**
 * What every file of this folder exports: `kind`, and `start(settings)`, which resolves to one of these. The child's half stands
 * beside it, in `<name>-child.js`.
 *
 * A contestant has what it can do by a documented way, and the fastest of these: what is not there is not measured.
 */
export interface Contestant {
  /** Sends a value to the child and back. */
  echo(value: unknown): Promise<unknown>;
  /** The child calls a function here so many times and waits for none; resolves when all have been called. */
  fire?(count: number): Promise<void>;
  /** The child calls a function here so many times, one after the other, waiting for each result. */
  ask?(count: number): Promise<void>;
  /** The same, blocked until each result is there. */
  askSync?(count: number): Promise<void>;
  /** Bytes of the child's heap in use, after a collection. */
  heapUsed?(): Promise<number>;
  stop(): Promise<void> | void;
}

/** The module of a contestant. */
export interface ContestantModule {
  /** Where the other half runs. */
  readonly kind: 'process' | 'thread';
  /** Called before a start that is measured, for what is to be there by then. */
  prepare?(settings: Settings): Promise<void>;
  start(settings: Settings): Promise<Contestant> | Contestant;
}
