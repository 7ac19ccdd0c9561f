import { ProtocolError } from '../../errors.js';

/** How many messages or marks of one stream may wait for their counterparts. */
const MOST = 4096;

type Take = () => void;

/**
 * Merges the two paths by which a stream may arrive. A message that goes by the channel leaves a mark in its place on the data
 * socket. Whichever arrives first, message or mark, waits for the other. The window limits how many may wait.
 */
export class ArrivalOrder {
  /** Arrivals on the data socket, behind a mark (`undefined`) whose message has not arrived. The first entry is always a mark. */
  readonly #held: (Take | undefined)[] = [];
  /** Messages that arrived on the channel before their marks. */
  readonly #early: Take[] = [];

  /** Takes an arrival on the data socket in its turn. */
  aside(take: Take): void {
    if (this.#held.length === 0) take();
    else add(this.#held, take);
  }

  /** A mark has arrived on the data socket: the next message of the channel belongs here. */
  mark(): void {
    const take = this.#early.shift();
    if (take) take();
    else add(this.#held, undefined);
  }

  /** Takes a message of the channel in its turn. */
  message(take: Take): void {
    if (this.#held.length === 0) return add(this.#early, take);
    this.#held.shift();
    take();
    while (this.#held[0]) this.#held.shift()?.();
  }
}

function add<T>(list: T[], entry: T): void {
  if (list.length === MOST)
    throw new ProtocolError(
      `More than ${MOST} messages of a stream arrived on one path without their counterparts on the other.`,
    );
  list.push(entry);
}
